/* SPDX-License-Identifier: BSD-2-Clause */
/* Simulated PCI buses: the file that describes them, and the requests of pcictl(8). */
#include <netbsd/pciio.h>
#include "dev/dev.h"
#include "dev/pci.h"
#include "vfs_calls.h"

#define PCI0 makedev(83, 0)

static struct fixture f;

static const char machine[] = "00:00.0 Host bridge: some words\n"
			      "00: 86 80 37 12 06 00 10 00 02 00 00 06 00 00 00 00\n"
			      "10: 01 02 03 04\n"
			      "\n"
			      "0000:00:1f.7 \"a long address\"\n"
			      "00: 86 80 22 29\r\n"
			      "100: aa bb cc dd\n"
			      "ff: 99 88\n"
			      "01:00.0 another bus\n"
			      "00: 34 12 78 56\n";

static uint32_t
reg(unsigned bus, unsigned dev, unsigned fn, unsigned r)
{
	struct pciio_bdf_cfgreg c = { bus, dev, fn, { r, 0 } };

	CHECK_EQ(dev_ioctl(f.l, PCI0, false, PCI_IOC_BDF_CFGREAD, &c, FREAD), 0);
	return c.cfgreg.val;
}

static int
set(unsigned bus, unsigned dev, unsigned fn, unsigned r, uint32_t v, int flags)
{
	struct pciio_bdf_cfgreg c = { bus, dev, fn, { r, v } };

	return dev_ioctl(f.l, PCI0, false, PCI_IOC_BDF_CFGWRITE, &c, flags);
}

static void
reads_what_lspci_wrote(void)
{
	up_with(&f, 0);
	CHECK_EQ(pci_parse(f.k, machine, sizeof(machine) - 1), 0);
	CHECK_EQ(reg(0, 0, 0, 0), 0x12378086);
	CHECK_EQ(reg(0, 0, 0, 0x10), 0x04030201);
	CHECK_EQ(reg(0, 31, 7, 0), 0x29228086);
	CHECK_EQ(reg(0, 31, 7, 0x100), 0xddccbb88);
	CHECK_EQ(reg(0, 31, 7, 0xfc), 0x99000000);
	CHECK_EQ(reg(1, 0, 0, 0), 0x56781234);
	/* Nobody there, and nothing past a small space: all ones. */
	CHECK_EQ(reg(0, 2, 0, 0), 0xffffffff);
	CHECK_EQ(reg(0, 0, 0, 0x100), 0xffffffff);
	down(&f);
}

static void
writes_what_can_be_written(void)
{
	struct pciio_bdf_cfgreg odd = { 0, 0, 0, { 2, 0 } };

	up_with(&f, 0);
	CHECK_EQ(pci_parse(f.k, machine, sizeof(machine) - 1), 0);
	CHECK_EQ(set(0, 0, 0, 0x10, 0xdeadbeef, FREAD), -EBADF);
	CHECK_EQ(set(0, 0, 0, 0x10, 0xdeadbeef, FWRITE), 0);
	CHECK_EQ(reg(0, 0, 0, 0x10), 0xdeadbeef);
	CHECK_EQ(set(0, 0, 0, 0, 0, FWRITE), 0);
	CHECK_EQ(reg(0, 0, 0, 0), 0x12378086);
	CHECK_EQ(set(0, 0, 0, 4, 0xffff0007, FWRITE), 0);
	CHECK_EQ(reg(0, 0, 0, 4), 0x00100007);
	CHECK_EQ(set(0, 9, 0, 0, 0, FWRITE), 0);
	CHECK_EQ(set(0, 32, 0, 0, 0, FWRITE), -EINVAL);
	CHECK_EQ(set(0, 0, 0, 4096, 0, FWRITE), -EINVAL);
	CHECK_EQ(dev_ioctl(f.l, PCI0, false, PCI_IOC_BDF_CFGREAD, &odd, FREAD),
	    -EINVAL);
	down(&f);
}

static void
opens_by_its_file(void)
{
	long fd;
	struct pciio_businfo info;

	up_with(&f, 0);
	CHECK_EQ(l_open(f.l, "/dev/pci0", O_RDONLY, 0), -ENXIO);
	CHECK_EQ(l_mkdir(f.l, "/etc"), 0);
	fd = l_open(f.l, PCI_CONF_FILE, O_RDWR | O_CREAT, 0644);
	CHECK_EQ(l_open(f.l, "/dev/pci0", O_RDONLY, 0), -EINVAL);
	CHECK_EQ(l_write(f.l, fd, machine, sizeof(machine) - 1),
	    (long)sizeof(machine) - 1);
	l_close(f.l, fd);
	fd = l_open(f.l, "/dev/pci1", O_RDONLY, 0);
	CHECK(fd >= 0);
	CHECK_EQ(dev_ioctl(
		     f.l, makedev(83, 1), false, PCI_IOC_BUSINFO, &info, FREAD),
	    0);
	CHECK_EQ(info.busno, 1);
	l_close(f.l, fd);
	CHECK_EQ(l_open(f.l, "/dev/pci2", O_RDONLY, 0), -ENXIO);
	down(&f);
}

static void
survives_any_file(void)
{
	static char text[20000];
	uint32_t seed = 1;

	up_with(&f, 0);
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = "0123456789abcdef:. \n0:0"[(seed >> 16) % 23];
		}
		int error = pci_parse(f.k, text, (seed >> 8) % sizeof(text));

		CHECK(error == 0 || error == -EINVAL);
	}
	/* More functions than there can be. */
	size_t n = 0;
	for (int i = 0; i < 1100; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "%x:1f.7\n", i & 0xff);
	CHECK_EQ(pci_parse(f.k, text, n), -EINVAL);
	CHECK_EQ(pci_parse(f.k, "", 0), -EINVAL);
	down(&f);
}

int
main(void)
{
	RUN(reads_what_lspci_wrote);
	RUN(writes_what_can_be_written);
	RUN(opens_by_its_file);
	RUN(survives_any_file);
	return check_done();
}
