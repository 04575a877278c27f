/* SPDX-License-Identifier: BSD-2-Clause */
/* rump_server -d: host files shown to the kernel as disks or files. */
#include <netbsd/disklabel.h>
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/stat.h>
#include "dev/etfs.h"
#include "tools/server.h"

#define LABELAREA 65536 /* where a label is looked for */
#define SECTOR 512

/* --- the option --- */

static bool
number(struct tool *t, const char *value, uint64_t *np)
{
	char why[128];
	int64_t n;

	(void)t;
	if (value == NULL)
		return false;
	n = t_strsuftollx("drivespec", value, 0, INT64_MAX, why, sizeof(why));
	if (why[0] != '\0')
		return false;
	*np = (uint64_t)n;
	return true;
}

static bool
complain(struct tool *t, const char *what)
{
	t_eprintf(t, "%s\n", what);
	return false;
}

static bool
set_size(struct tool *t, struct drive *d, const char *value)
{
	if (d->dr_havesize || d->dr_label != 0)
		return complain(t, "size already given");
	if (value != NULL && strcmp(value, "host") == 0) {
		if (d->dr_haveoffset)
			return complain(
			    t, "cannot specify offset with size=host");
		d->dr_hostsize = true;
	} else if (!number(t, value, &d->dr_size) || d->dr_size == 0)
		/* Nothing that could be a size: it is missing. */
		return true;
	d->dr_havesize = true;
	return true;
}

static bool
set_offset(struct tool *t, struct drive *d, const char *value)
{
	if (d->dr_haveoffset || d->dr_label != 0)
		return complain(t, "offset already given");
	if (d->dr_hostsize)
		return complain(t, "cannot specify offset with size=host");
	if (!number(t, value, &d->dr_offset))
		return complain(t, "invalid offset");
	d->dr_haveoffset = true;
	return true;
}

static bool
set_label(struct tool *t, struct drive *d, const char *value)
{
	if (d->dr_havesize || d->dr_haveoffset)
		return complain(t, "size already given");
	if (d->dr_label != 0)
		return complain(t, "label already given");
	if (value == NULL || value[0] < 'a' || value[0] > 'z' ||
	    value[1] != '\0')
		return complain(t, "invalid label part");
	d->dr_label = value[0];
	d->dr_havesize = true;
	return true;
}

static bool
set_type(struct tool *t, struct drive *d, const char *value)
{
	if (value != NULL && strcmp(value, "blk") == 0)
		d->dr_type = ETFS_BLK;
	else if (value != NULL && strcmp(value, "chr") == 0)
		d->dr_type = ETFS_CHR;
	else if (value != NULL && strcmp(value, "reg") == 0)
		d->dr_type = ETFS_REG;
	else {
		t_eprintf(t, "invalid type %s\n", value != NULL ? value : "");
		return false;
	}
	return true;
}

static bool
set_string(struct tool *t, const char **to, const char *name, const char *value)
{
	if (*to != NULL) {
		t_eprintf(t, "%s already given\n", name);
		return false;
	}
	*to = value != NULL && value[0] != '\0' ? value : NULL;
	return true;
}

static bool
token(struct tool *t, struct drive *d, const char *name, const char *value)
{
	if (strcmp(name, "key") == 0)
		return set_string(t, &d->dr_key, name, value);
	if (strcmp(name, "hostpath") == 0)
		return set_string(t, &d->dr_hostpath, name, value);
	if (strcmp(name, "size") == 0)
		return set_size(t, d, value);
	if (strcmp(name, "offset") == 0)
		return set_offset(t, d, value);
	if (strcmp(name, "disklabel") == 0)
		return set_label(t, d, value);
	if (strcmp(name, "type") == 0)
		return set_type(t, d, value);
	return complain(t, "invalid dtoken");
}

bool
drive_parse(struct tool *t, const char *spec, struct drive *d)
{
	char *s = t_strdup(t, spec), *next, *value;

	memset(d, 0, sizeof(*d));
	d->dr_type = ETFS_BLK;
	for (; s != NULL && *s != '\0'; s = next) {
		if ((next = strchr(s, ',')) != NULL)
			*next++ = '\0';
		if ((value = strchr(s, '=')) != NULL)
			*value++ = '\0';
		if (!token(t, d, s, value))
			return false;
	}
	if (d->dr_key == NULL || d->dr_hostpath == NULL ||
	    (!d->dr_havesize && d->dr_type != ETFS_REG))
		return complain(t, "incomplete drivespec");
	return true;
}

/* --- disk labels --- */

struct label {
	const uint8_t *at;
	bool swapped;
};

static uint32_t
word(const struct label *l, size_t off)
{
	uint32_t v;

	memcpy(&v, l->at + off, sizeof(v));
	return l->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t
half(const struct label *l, size_t off)
{
	uint16_t v;

	memcpy(&v, l->at + off, sizeof(v));
	return l->swapped ? __builtin_bswap16(v) : v;
}

/* Magic numbers, a sound count of partitions, and a sum of zero over it all. */
static bool
label_at(const uint8_t *buf, size_t left, struct label *l)
{
	size_t head = offsetof(struct disklabel, d_partitions), n;
	uint16_t sum = 0;

	l->at = buf;
	if (left < head)
		return false;
	for (int i = 0; i < 2; i++) {
		l->swapped = i != 0;
		if (word(l, 0) != DISKMAGIC ||
		    word(l, offsetof(struct disklabel, d_magic2)) != DISKMAGIC)
			continue;
		n = half(l, offsetof(struct disklabel, d_npartitions));
		if (n > MAXMAXPARTITIONS ||
		    left - head < n * sizeof(struct partition))
			continue;
		for (size_t off = 0; off < head + n * sizeof(struct partition);
		     off += 2)
			sum ^= half(l, off);
		if (sum == 0)
			return true;
		sum = 0;
	}
	return false;
}

/* The window of a partition, by the label that the image begins with. 0, or a positive errno after saying why. */
static int
label_window(struct tool *t, struct rump_kernel *k, int fd, char letter,
    uint64_t *beginp, uint64_t *sizep)
{
	unsigned part = (unsigned)(letter - 'a');
	uint8_t *buf = t_calloc(t, 1, LABELAREA);
	struct iovec iov = { buf, LABELAREA };
	struct label l;
	ssize_t got;
	size_t at;

	if ((got = k->k_host->preadv(fd, &iov, 1, 0)) < 0) {
		t_eprintf(t, "disklabel not found: %s\n", t_strerror((int)got));
		return (int)-got;
	}
	for (at = 0; at + 4 <= (size_t)got; at += 4)
		if (label_at(buf + at, (size_t)got - at, &l))
			break;
	if (at + 4 > (size_t)got) {
		t_eprintf(t, "disklabel not found: %s\n", t_strerror(ENOENT));
		return ENOENT;
	}
	at = offsetof(struct disklabel, d_partitions) +
	    part * sizeof(struct partition);
	if (part >= half(&l, offsetof(struct disklabel, d_npartitions))) {
		t_eprintf(
		    t, "partition not available: %s\n", t_strerror(ENOENT));
		return ENOENT;
	}
	*sizep = (uint64_t)word(&l, at) * SECTOR;
	*beginp = (uint64_t)word(&l, at + 4) * SECTOR;
	return 0;
}

/* --- the host's file --- */

/* The window; the file is made as long as that needs. */
static int
window(struct tool *t, struct rump_kernel *k, const struct drive *d, int fd,
    uint64_t *beginp, uint64_t *sizep)
{
	struct host_stat st;
	uint64_t size, end;
	int error;

	*beginp = d->dr_offset;
	*sizep = d->dr_size;
	if (d->dr_label != 0)
		return label_window(t, k, fd, d->dr_label, beginp, sizep);
	if (d->dr_hostsize) {
		if (k->k_host->size(fd, &size) != 0 || size == 0) {
			t_eprintf(t,
			    "size=host, but cannot query non-zero "
			    "size: %s\n",
			    t_strerror(EINVAL));
			return EINVAL;
		}
		*sizep = size;
		return 0;
	}
	if (__builtin_add_overflow(*beginp, *sizep, &end) || end > INT64_MAX) {
		t_eprintf(t, "truncate: %s\n", t_strerror(EFBIG));
		return EFBIG;
	}
	if ((error = k->k_host->fstat(fd, &st)) == 0 && S_ISREG(st.hs_mode) &&
	    st.hs_size < end)
		error = k->k_host->ftruncate(fd, (int64_t)end);
	if (error != 0)
		t_eprintf(t, "truncate: %s\n", t_strerror(error));
	return -error;
}

/* An image that somebody else writes to is not for a second kernel: said here already, where there is somebody to read it. */
static int
unclaimed(struct tool *t, struct rump_kernel *k, const struct drive *d, int fd)
{
	int pid = 0;

	if (k->k_host->lock(fd, false, &pid) != -EBUSY)
		return 0;
	t_eprintf(t, "etfs hostpath open: %s\n", t_strerror(EBUSY));
	if (pid > 0)
		t_eprintf(
		    t, "%s is in use by process %d\n", d->dr_hostpath, pid);
	else
		t_eprintf(
		    t, "%s is in use by another process\n", d->dr_hostpath);
	return EBUSY;
}

int
drive_register(struct tool *t, struct rump_kernel *k, const struct drive *d)
{
	int flags = O_RDWR | (d->dr_hostsize ? 0 : HOST_O_CREAT), error, fd;
	uint64_t begin, size;
	char why[256];

	error = k->k_host->open(d->dr_hostpath, flags, 0644, &fd);
	/* A file that nobody may write, as it is. */
	if (error == -EACCES || error == -EROFS)
		error = k->k_host->open(d->dr_hostpath, O_RDONLY, 0, &fd);
	if (error != 0) {
		t_eprintf(t, "etfs hostpath open: %s\n", t_strerror(error));
		return -error;
	}
	error = unclaimed(t, k, d, fd);
	if (error == 0)
		error = window(t, k, d, fd, &begin, &size);
	(void)k->k_host->close(fd);
	if (error != 0)
		return error;
	error = etfs_register(
	    k, d->dr_key, d->dr_hostpath, d->dr_type, begin, size);
	if (error != 0) {
		t_eprintf(t, "etfs register: %s\n", t_strerror(error));
		why[0] = '\0';
		if (error == -EBUSY)
			etfs_why(k, why, sizeof(why));
		if (why[0] != '\0')
			t_eprintf(t, "%s\n", why);
	}
	return -error;
}
