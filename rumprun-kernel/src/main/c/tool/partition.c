/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partitions of host images, by name: what dev/parttab.h finds in a file. An image does not tell its sector size: the first at which the table makes sense is it.
 */
#include "tool/partition.h"
#include "dev/parttab.h"
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <stdlib.h>
#include <string.h>

struct image {
	const struct host_ops *h;
	int fd;
};

struct wanted {
	unsigned index;
	uint64_t begin, size; /* sectors */
};

static int
image_read(void *ctx, uint64_t off, void *buf, size_t n)
{
	const struct image *im = ctx;
	struct iovec iov = { buf, n };
	ssize_t got = im->h->preadv(im->fd, &iov, 1, (int64_t)off);

	return got < 0 ? (int)got : (size_t)got == n ? 0 : -EINVAL;
}

static int
match(const struct parttab_entry *pe, void *arg)
{
	struct wanted *w = arg;

	if (pe->pe_index != w->index)
		return 0;
	w->begin = pe->pe_begin;
	w->size = pe->pe_size;
	return pe->pe_outside ? -EINVAL : 1;
}

/* 1: found; 0: there is a table, but no such partition in it; -ESRCH: no table. */
static int
look(const struct parttab_reader *r, bool lettered, tool_partition_fn *fn,
    void *arg)
{
	int error;

	if (lettered)
		return parttab_scan(r, PARTTAB_BSD, fn, arg);
	error = parttab_scan(r, PARTTAB_GPT, fn, arg);
	if (error == -ESRCH)
		error = parttab_scan(r, PARTTAB_MBR, fn, arg);
	if (error == -ESRCH)
		error = parttab_scan(r, PARTTAB_APPLE, fn, arg);
	return error;
}

bool
tool_partition_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 1)
		return name[0] >= 'a' && name[0] <= 'p';
	return n >= 2 && n <= 5 && name[0] == 'p' && name[1] != '0' &&
	    strspn(name + 1, "0123456789") == n - 1;
}

int
tool_partition_scan(const struct host_ops *h, const char *path, bool lettered,
    tool_partition_fn *fn, void *arg, uint32_t *secsize)
{
	struct image im = { h, -1 };
	struct parttab_reader r = { image_read, &im, 0, 512 };
	int error, first = -ESRCH;

	error = h->open(path, O_RDONLY, 0, &im.fd);
	if (error != 0)
		return error;
	error = h->size(im.fd, &r.pr_size);
	for (; error == 0 && r.pr_secsize <= 4096; r.pr_secsize *= 2) {
		*secsize = r.pr_secsize;
		error = look(&r, lettered, fn, arg);
		/* a protective MBR without its GPT, or a label of another sector size: perhaps at the next */
		if (error != -ESRCH && error != -EINVAL)
			break;
		if (first == -ESRCH)
			first = error;
		error = 0;
	}
	h->close(im.fd);
	if (error >= 0 && r.pr_secsize > 4096)
		return first == -ESRCH ? -ENXIO : first;
	return error;
}

int
tool_partition_find(const struct host_ops *h, const char *path,
    const char *name, uint64_t *begin, uint64_t *size)
{
	bool lettered = name[1] == '\0';
	struct wanted w = { .index = lettered ?
		    (unsigned)(name[0] - 'a') :
		    (unsigned)strtoul(name + 1, NULL, 10) };
	uint32_t secsize;
	int error = tool_partition_scan(h, path, lettered, match, &w, &secsize);

	if (error < 0)
		return error;
	if (error == 0)
		return -ENXIO;
	*begin = w.begin * secsize;
	*size = w.size * secsize;
	return 0;
}
