/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shmif_dumpbus(1): what is on a bus of shmif, as text or as a capture file.
 *
 * The bus is read as a file, without its lock: traffic that goes on meanwhile may spoil the oldest frames. A frame's header has another size on i386 and in version 2 of the bus, which
 * nothing in the file tells; the one is taken with which the frames lead from the first to the last.
 */
#include "tools.h"
#include <netbsd/errno.h>
#include <rumprun/tool_host.h>
#include "net/if_shmif_format.h"
#include "net/pcap.h"

#define SNAPLEN 1518
#define DATA 32 /* where the ring begins */

struct dump {
	struct tool *t;
	const uint8_t *ring;
	bool swapped;
	uint32_t version, lock, first, last;
	uint64_t gen;
	uint32_t header; /* size of a frame's header */
	uint8_t *pcap;
	size_t pcapsize;
};

struct frame {
	uint32_t off, len, sec, usec;
	uint64_t sender;
};

static uint32_t
get32(const struct dump *d, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return d->swapped ? __builtin_bswap32(v) : v;
}

static uint64_t
get64(const struct dump *d, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return d->swapped ? __builtin_bswap64(v) : v;
}

static void
ring_read(const struct dump *d, uint32_t off, uint8_t *buf, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		buf[i] = d->ring[(off + i) % BUSMEM_DATASIZE];
}

/* False: there is no frame. */
static bool
get_frame(const struct dump *d, uint32_t off, uint32_t header, struct frame *f)
{
	uint8_t h[24] = { 0 };

	ring_read(d, off, h, header);
	f->off = off;
	f->len = get32(d, h);
	f->sec = get32(d, h + 4);
	f->usec = get32(d, h + 8);
	f->sender = header >= 20 ? get64(d, h + header - 8) : 0;
	return f->len <= SHMIF_MAXFRAME;
}

static uint32_t
next(const struct dump *d, const struct frame *f)
{
	return (f->off + d->header + f->len) % BUSMEM_DATASIZE;
}

static bool
leads_to_last(struct dump *d, uint32_t header)
{
	struct frame f;
	uint32_t off = d->first;

	d->header = header;
	for (uint32_t n = 0; n < BUSMEM_DATASIZE / 12; n++) {
		if (!get_frame(d, off, header, &f))
			return false;
		if (off == d->last)
			return true;
		off = next(d, &f);
	}
	return false;
}

static void
find_header(struct dump *d)
{
	static const uint32_t sizes[] = { 24, 20, 12 };

	if (d->version == 2) {
		d->header = 12;
		return;
	}
	for (int i = 0; i < 2; i++)
		if (leads_to_last(d, sizes[i]))
			return;
	d->header = sizes[0];
}

/* --- the two forms --- */

static void
show(struct dump *d, const struct frame *f, unsigned n)
{
	t_printf(d->t, "packet %u, offset 0x%04x, length 0x%04x, ts %u/%06u\n",
	    n, f->off, f->len, f->sec, f->usec);
}

static void
append(struct dump *d, const void *data, size_t n)
{
	memcpy(d->pcap + d->pcapsize, data, n);
	d->pcapsize += n;
}

static void
capture(struct dump *d, const struct frame *f)
{
	uint8_t h[PCAP_RECORD_SIZE];

	pcap_record_header(h, f->sec, f->usec, f->len, f->len);
	append(d, h, sizeof(h));
	ring_read(d, (f->off + d->header) % BUSMEM_DATASIZE,
	    d->pcap + d->pcapsize, f->len);
	d->pcapsize += f->len;
}

static int
dump(struct dump *d, const char *path)
{
	uint8_t h[PCAP_FILE_SIZE];
	struct frame f;
	uint32_t off = d->first;
	int error;

	/* 16 bytes more a frame than on the bus, where each has 12 at least. */
	if (path != NULL) {
		d->pcap = t_malloc(
		    d->t, PCAP_FILE_SIZE + 2 * BUSMEM_DATASIZE + SNAPLEN);
		pcap_file_header(h, PCAP_MAGIC, SNAPLEN);
		append(d, h, sizeof(h));
	}
	for (unsigned n = 0; n < BUSMEM_DATASIZE / 12; off = next(d, &f)) {
		if (!get_frame(d, off, d->header, &f)) {
			t_warnx(d->t, "no frame at offset 0x%04x", off);
			break;
		}
		if (f.len > 0 && path == NULL)
			show(d, &f, n);
		else if (f.len > 0 &&
		    d->pcapsize + PCAP_RECORD_SIZE + f.len <=
			2 * BUSMEM_DATASIZE)
			capture(d, &f);
		if (f.len > 0)
			n++;
		if (off == d->last)
			break;
	}
	if (path == NULL)
		return 0;
	if (strcmp(path, "-") == 0) {
		t_out_write(d->t->t_out, d->pcap, d->pcapsize);
		return 0;
	}
	error = t_host_write(d->t, path, d->pcap, d->pcapsize);
	if (error != 0)
		t_fail(d->t, 1, error, "%s", path);
	return 0;
}

static void
read_bus(struct dump *d, const char *path)
{
	uint32_t magic;
	size_t size;
	void *data;
	uint8_t *bus;
	int error;

	if ((error = t_host_read(d->t, path, BUSMEM_SIZE, &data, &size)) != 0)
		t_fail(d->t, 1, error, "%s", path);
	if (size != BUSMEM_SIZE)
		t_errx(d->t, 1, "%s: not a bus: too small", path);
	bus = data;
	memcpy(&magic, bus, sizeof(magic));
	d->swapped = magic == __builtin_bswap32(SHMIF_MAGIC);
	if (magic != SHMIF_MAGIC && !d->swapped)
		t_errx(
		    d->t, 1, "%s: not a bus: magic number 0x%08x", path, magic);
	d->ring = bus + DATA;
	d->version = get32(d, bus + 4);
	d->gen = get64(d, bus + 8);
	d->first = get32(d, bus + 16);
	d->last = get32(d, bus + 20);
	d->lock = get32(d, bus + 24);
	/* 0: nothing was ever sent. */
	if (d->version != 0 && d->version != 2 && d->version != SHMIF_VERSION)
		t_errx(d->t, 1, "%s: bus version %u", path, d->version);
}

int
shmif_dumpbus_main(struct tool *t, int argc, char **argv)
{
	struct dump d = { .t = t };
	const char *pcap = NULL;
	bool header = false;
	int c;

	while ((c = t_getopt(t, argc, argv, "hp:")) != -1)
		switch (c) {
		case 'h':
			header = true;
			break;
		case 'p':
			pcap = t->t_opt.optarg;
			break;
		default:
			goto usage;
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc != 1)
		goto usage;
	read_bus(&d, argv[0]);
	if (pcap == NULL || strcmp(pcap, "-") != 0)
		t_printf(t,
		    "bus version %u, lock: %u, generation: %llu, firstoff: 0x%04x, lastoff: 0x%04x\n",
		    d.version, d.lock, (unsigned long long)d.gen, d.first,
		    d.last);
	if (header)
		return 0;
	if (d.last >= BUSMEM_DATASIZE || d.first > BUSMEM_DATASIZE)
		t_errx(t, 1, "%s: offsets beyond the end", argv[0]);
	if (d.first == BUSMEM_DATASIZE)
		d.first = 0;
	find_header(&d);
	return dump(&d, pcap);
usage:
	t_eprintf(t, "usage: %s [-h] [-p pcapfile] buspath\n", t->t_progname);
	return 1;
}
