/* SPDX-License-Identifier: BSD-2-Clause */
/* pcictl: what is on a PCI bus, and its configuration registers. */
#include <netbsd/fcntl.h>
#include <netbsd/pciio.h>
#include <rumprun/tool_sys.h>
#include <stdio.h>
#include <stdlib.h>
#include "tools/tools.h"

#define NOBODY 0xffffffffu
#define HEADER_DWORDS 16
#define CONFIG_DWORDS 64

struct pcictl {
	struct tool *t;
	int fd;
	struct pciio_businfo bus;
	/* What is meant; -1: all. */
	int busno, device, function;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: %s device command [arg [...]]\n"
	    "   Available commands:\n"
	    "\tlist [-Nn] [-b bus] [-d device] [-f function]\n"
	    "\tdump [-b bus] -d device [-f function]\n"
	    "\tread [-b bus] -d device [-f function] reg\n"
	    "\twrite [-b bus] -d device [-f function] reg value\n",
	    t->t_progname);
	t_exit(t, 1);
}

static int
number(struct tool *t, const char *text, const char *what, unsigned long max)
{
	char *end;
	unsigned long v = strtoul(text, &end, 0);

	if (end == text || *end != '\0' || *text == '-' || v > max)
		t_errx(t, 1, "invalid %s: %s", what, text);
	return (int)v;
}

static uint32_t
word(struct tool *t, const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 0);

	if (end == text || *end != '\0' || *text == '-' || v > 0xffffffffu)
		usage(t);
	return (uint32_t)v;
}

static uint32_t
read_register(
    struct pcictl *p, unsigned bus, unsigned dev, unsigned fn, unsigned reg)
{
	struct pciio_bdf_cfgreg r = { bus, dev, fn, { reg, 0 } };
	int error = sys_ioctl(p->t, p->fd, PCI_IOC_BDF_CFGREAD, &r);

	if (error < 0)
		t_fail(p->t, 1, error, "PCI_IOC_BDF_CFGREAD");
	return r.cfgreg.val;
}

/* -b, -d, -f, and with `letters` others; what is left are operands. */
static unsigned
options(struct pcictl *p, int argc, char **argv, const char *letters)
{
	struct tool *t = p->t;
	unsigned flags = 0;
	int c;

	p->busno = (int)p->bus.busno;
	p->device = p->function = -1;
	t->t_opt.optind = 1;
	t->t_opt.place = "";
	while ((c = t_getopt(t, argc, argv, letters)) != -1) {
		switch (c) {
		case 'b':
			p->busno = strcmp(t->t_opt.optarg, "any") == 0 ?
			    -1 :
			    number(t, t->t_opt.optarg, "bus", 255);
			break;
		case 'd':
			p->device = strcmp(t->t_opt.optarg, "any") == 0 ?
			    -1 :
			    number(t, t->t_opt.optarg, "device",
				p->bus.maxdevs - 1);
			break;
		case 'f':
			p->function = strcmp(t->t_opt.optarg, "any") == 0 ?
			    -1 :
			    number(t, t->t_opt.optarg, "function", 7);
			break;
		case 'N':
			flags |= 1;
			break;
		case 'n':
			flags |= 2;
			break;
		default:
			usage(t);
		}
	}
	return flags;
}

/* --- list --------------------------------------------------------------------- */

static const struct {
	uint8_t class, subclass; /* subclass 0xff: any other */
	const char *name, *subname;
} classes[] = {
	{ 0x00, 0x01, "prehistoric", "VGA" },
	{ 0x00, 0xff, "prehistoric", "miscellaneous" },
	{ 0x01, 0x00, "mass storage", "SCSI" },
	{ 0x01, 0x01, "mass storage", "IDE" },
	{ 0x01, 0x02, "mass storage", "floppy" },
	{ 0x01, 0x03, "mass storage", "IPI" },
	{ 0x01, 0x04, "mass storage", "RAID" },
	{ 0x01, 0x05, "mass storage", "ATA" },
	{ 0x01, 0x06, "mass storage", "SATA" },
	{ 0x01, 0x07, "mass storage", "SAS" },
	{ 0x01, 0x08, "mass storage", "NVM" },
	{ 0x01, 0xff, "mass storage", "miscellaneous" },
	{ 0x02, 0x00, "network", "ethernet" },
	{ 0x02, 0x01, "network", "token ring" },
	{ 0x02, 0xff, "network", "miscellaneous" },
	{ 0x03, 0x00, "display", "VGA" },
	{ 0x03, 0x01, "display", "XGA" },
	{ 0x03, 0x02, "display", "3D" },
	{ 0x03, 0xff, "display", "miscellaneous" },
	{ 0x04, 0x00, "multimedia", "video" },
	{ 0x04, 0x01, "multimedia", "audio" },
	{ 0x04, 0x03, "multimedia", "mixed mode" },
	{ 0x04, 0xff, "multimedia", "miscellaneous" },
	{ 0x05, 0x00, "memory", "RAM" },
	{ 0x05, 0x01, "memory", "flash" },
	{ 0x05, 0xff, "memory", "miscellaneous" },
	{ 0x06, 0x00, "bridge", "host" },
	{ 0x06, 0x01, "bridge", "ISA" },
	{ 0x06, 0x04, "bridge", "PCI" },
	{ 0x06, 0x07, "bridge", "CardBus" },
	{ 0x06, 0xff, "bridge", "miscellaneous" },
	{ 0x07, 0x00, "communications", "serial" },
	{ 0x07, 0xff, "communications", "miscellaneous" },
	{ 0x08, 0x00, "system", "interrupt" },
	{ 0x08, 0x05, "system", "SD Host Controller" },
	{ 0x08, 0xff, "system", "miscellaneous" },
	{ 0x09, 0xff, "input", "miscellaneous" },
	{ 0x0a, 0xff, "dock", "miscellaneous" },
	{ 0x0b, 0xff, "processor", "miscellaneous" },
	{ 0x0c, 0x03, "serial bus", "USB" },
	{ 0x0c, 0x05, "serial bus", "SMBus" },
	{ 0x0c, 0xff, "serial bus", "miscellaneous" },
	{ 0x0d, 0xff, "wireless", "miscellaneous" },
	{ 0x10, 0xff, "crypto", "miscellaneous" },
	{ 0x11, 0xff, "DASP", "miscellaneous" },
};

static void
class_name(char *buf, size_t size, uint32_t class)
{
	unsigned base = class >> 24, sub = class >> 16 & 0xff;
	unsigned interface = class >> 8 & 0xff, revision = class & 0xff;
	size_t n = sizeof(classes) / sizeof(classes[0]), i;
	int len;

	for (i = 0; i < n; i++)
		if (classes[i].class == base &&
		    (classes[i].subclass == sub || classes[i].subclass == 0xff))
			break;
	if (i < n)
		len = snprintf(
		    buf, size, "%s %s", classes[i].subname, classes[i].name);
	else
		len = snprintf(
		    buf, size, "class 0x%02x, subclass 0x%02x", base, sub);
	if (interface != 0 && len > 0 && (size_t)len < size)
		len += snprintf(buf + len, size - (size_t)len,
		    ", interface 0x%02x", interface);
	if (revision != 0 && len > 0 && (size_t)len < size)
		snprintf(buf + len, size - (size_t)len, ", revision 0x%02x",
		    revision);
}

static void
list_one(
    struct pcictl *p, unsigned bus, unsigned dev, unsigned fn, unsigned flags)
{
	uint32_t id = read_register(p, bus, dev, fn, 0);
	uint32_t class = read_register(p, bus, dev, fn, 8);
	struct pciio_drvname name = { dev, fn, "" };
	char what[128];

	t_printf(p->t, "%03u:%02u:%01u: ", bus, dev, fn);
	if (flags & 2) {
		t_printf(p->t, "0x%08x (0x%08x)", id, class);
	} else {
		class_name(what, sizeof(what), class);
		t_printf(p->t, "vendor %04x product %04x (%s)", id & 0xffff,
		    id >> 16, what);
	}
	if ((flags & 1) && sys_ioctl(p->t, p->fd, PCI_IOC_DRVNAME, &name) == 0)
		t_printf(p->t, " [%.*s]", (int)sizeof(name.name), name.name);
	t_puts(p->t, "\n");
}

static int
list(struct pcictl *p, int argc, char **argv)
{
	unsigned flags = options(p, argc, argv, "b:d:f:Nn");
	unsigned first = p->busno < 0 ? 0 : (unsigned)p->busno;
	unsigned last = p->busno < 0 ? 255 : (unsigned)p->busno;

	if (argc != p->t->t_opt.optind)
		usage(p->t);
	for (unsigned bus = first; bus <= last; bus++)
		for (unsigned dev = 0; dev < p->bus.maxdevs; dev++) {
			unsigned functions = 1;

			if (p->device >= 0 && (unsigned)p->device != dev)
				continue;
			if (read_register(p, bus, dev, 0, 0) == NOBODY)
				continue;
			if (read_register(p, bus, dev, 0, 0xc) & 0x00800000)
				functions = 8;
			for (unsigned fn = 0; fn < functions; fn++)
				if ((p->function < 0 ||
					(unsigned)p->function == fn) &&
				    read_register(p, bus, dev, fn, 0) != NOBODY)
					list_one(p, bus, dev, fn, flags);
		}
	return 0;
}

/* --- registers ----------------------------------------------------------------- */

static void
one_device(struct pcictl *p)
{
	if (p->busno < 0)
		t_errx(p->t, 1, "bus number must be specified");
	if (p->device < 0)
		t_errx(p->t, 1, "must specify a device number");
	if (p->function < 0)
		p->function = 0;
}

static void
hex_rows(struct tool *t, const uint32_t *v, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i += 4)
		t_printf(t, "    0x%02x: 0x%08x 0x%08x 0x%08x 0x%08x\n", i * 4,
		    v[i], v[i + 1], v[i + 2], v[i + 3]);
	t_puts(t, "\n");
}

static void
on_off(struct tool *t, const char *what, bool on)
{
	t_printf(t, "      %s: %s\n", what, on ? "on" : "off");
}

static void
dump_common(struct tool *t, const uint32_t *v)
{
	char what[128];

	t_puts(t, "  Common header:\n");
	hex_rows(t, v, 0, 4);
	t_printf(t, "    Vendor ID: 0x%04x\n", v[0] & 0xffff);
	t_printf(t, "    Device ID: 0x%04x\n", v[0] >> 16);
	t_printf(t, "    Command register: 0x%04x\n", v[1] & 0xffff);
	on_off(t, "I/O space accesses", v[1] & 0x1);
	on_off(t, "Memory space accesses", v[1] & 0x2);
	on_off(t, "Bus mastering", v[1] & 0x4);
	on_off(t, "Special cycles", v[1] & 0x8);
	on_off(t, "MWI transactions", v[1] & 0x10);
	on_off(t, "Palette snooping", v[1] & 0x20);
	on_off(t, "Parity error checking", v[1] & 0x40);
	on_off(t, "Address/data stepping", v[1] & 0x80);
	on_off(t, "System error (SERR)", v[1] & 0x100);
	on_off(t, "Fast back-to-back transactions", v[1] & 0x200);
	on_off(t, "Interrupt disable", v[1] & 0x400);
	t_printf(t, "    Status register: 0x%04x\n", v[1] >> 16);
	on_off(t, "Capability List support", v[1] & 0x00100000);
	on_off(t, "66 MHz capable", v[1] & 0x00200000);
	class_name(what, sizeof(what), v[2] & 0xffff0000);
	t_printf(t, "    Class Name: %s (0x%02x)\n", what, v[2] >> 24);
	t_printf(t, "    Subclass: 0x%02x\n", v[2] >> 16 & 0xff);
	t_printf(t, "    Interface: 0x%02x\n", v[2] >> 8 & 0xff);
	t_printf(t, "    Revision ID: 0x%02x\n", v[2] & 0xff);
	t_printf(t, "    BIST: 0x%02x\n", v[3] >> 24);
	t_printf(t, "    Header Type: 0x%02x%s\n", v[3] >> 16 & 0x7f,
	    v[3] & 0x00800000 ? "+multifunction" : "");
	t_printf(t, "    Latency Timer: 0x%02x\n", v[3] >> 8 & 0xff);
	t_printf(t, "    Cache Line Size: 0x%02x\n\n", v[3] & 0xff);
}

static void
dump_addresses(struct tool *t, const uint32_t *v, unsigned n)
{
	for (unsigned i = 4; i < 4 + n; i++) {
		t_printf(
		    t, "    Base address register at 0x%02x\n      ", i * 4);
		if (v[i] == 0)
			t_puts(t, "not implemented(?)\n");
		else if (v[i] & 1)
			t_printf(
			    t, "type: I/O\n      base: 0x%08x\n", v[i] & ~0x3u);
		else
			t_printf(t,
			    "type: %s-bit %sprefetchable memory\n      base: 0x%08x\n",
			    (v[i] & 0x6) == 0x4 ? "64" : "32",
			    v[i] & 0x8 ? "" : "non", v[i] & ~0xfu);
	}
}

static int
dump(struct pcictl *p, int argc, char **argv)
{
	uint32_t v[CONFIG_DWORDS];
	struct tool *t = p->t;
	unsigned type;

	(void)options(p, argc, argv, "b:d:f:");
	if (argc != t->t_opt.optind)
		usage(t);
	one_device(p);
	for (unsigned i = 0; i < CONFIG_DWORDS; i++)
		v[i] = read_register(p, (unsigned)p->busno, (unsigned)p->device,
		    (unsigned)p->function, i * 4);
	t_puts(t, "PCI configuration registers:\n");
	dump_common(t, v);
	type = v[3] >> 16 & 0x7f;
	t_printf(t, "  Type %u (%s) header:\n", type,
	    type == 0	  ? "normal device" :
		type == 1 ? "PCI-PCI bridge" :
		type == 2 ? "PCI-CardBus bridge" :
			    "unknown");
	hex_rows(t, v, 4, HEADER_DWORDS);
	if (type <= 1)
		dump_addresses(t, v, type == 0 ? 6 : 2);
	if (type == 0) {
		t_printf(t, "    Subsystem vendor ID: 0x%04x\n", v[11] & 0xffff);
		t_printf(t, "    Subsystem ID: 0x%04x\n", v[11] >> 16);
	}
	if (v[1] & 0x00100000)
		t_printf(
		    t, "    Capability list pointer: 0x%02x\n", v[13] & 0xfc);
	t_printf(t, "    Interrupt pin: 0x%02x\n", v[15] >> 8 & 0xff);
	t_printf(t, "    Interrupt line: 0x%02x\n\n", v[15] & 0xff);
	t_puts(t, "  Device-dependent header:\n");
	hex_rows(t, v, HEADER_DWORDS, CONFIG_DWORDS);
	return 0;
}

static int
peek(struct pcictl *p, int argc, char **argv)
{
	uint32_t reg;

	(void)options(p, argc, argv, "b:d:f:");
	if (argc - p->t->t_opt.optind != 1)
		usage(p->t);
	reg = word(p->t, argv[p->t->t_opt.optind]);
	one_device(p);
	t_printf(p->t, "%08x\n",
	    read_register(p, (unsigned)p->busno, (unsigned)p->device,
		(unsigned)p->function, reg));
	return 0;
}

static int
poke(struct pcictl *p, int argc, char **argv)
{
	struct pciio_bdf_cfgreg r;
	int error;

	(void)options(p, argc, argv, "b:d:f:");
	if (argc - p->t->t_opt.optind != 2)
		usage(p->t);
	one_device(p);
	r = (struct pciio_bdf_cfgreg){ (unsigned)p->busno, (unsigned)p->device,
		(unsigned)p->function,
		{ word(p->t, argv[p->t->t_opt.optind]),
		    word(p->t, argv[p->t->t_opt.optind + 1]) } };
	error = sys_ioctl(p->t, p->fd, PCI_IOC_BDF_CFGWRITE, &r);
	if (error < 0)
		t_fail(p->t, 1, error, "PCI_IOC_BDF_CFGWRITE");
	return 0;
}

int
pcictl_main(struct tool *t, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(struct pcictl *, int, char **);
		int flags;
	} commands[] = {
		{ "list", list, O_RDONLY },
		{ "dump", dump, O_RDONLY },
		{ "read", peek, O_RDONLY },
		{ "write", poke, O_RDWR },
	};
	struct pcictl p = { .t = t };
	char path[128];
	size_t i;

	if (argc < 3)
		usage(t);
	for (i = 0; i < 4 && strcmp(commands[i].name, argv[2]) != 0; i++)
		continue;
	if (i == 4)
		t_errx(t, 1, "unknown command: %s", argv[2]);
	snprintf(path, sizeof(path), "%s%s", argv[1][0] == '/' ? "" : "/dev/",
	    argv[1]);
	p.fd = sys_open(t, path, commands[i].flags, 0);
	if (p.fd < 0)
		t_fail(t, 1, p.fd, "%s", path);
	if (sys_ioctl(t, p.fd, PCI_IOC_BUSINFO, &p.bus) < 0)
		t_errx(t, 1, "%s: not a PCI bus device", path);
	if (p.bus.maxdevs > 256)
		p.bus.maxdevs = 256;
	return commands[i].fn(&p, argc - 2, argv + 2);
}
