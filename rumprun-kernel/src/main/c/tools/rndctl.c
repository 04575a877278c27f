/* SPDX-License-Identifier: BSD-2-Clause */
/* rndctl: sources of randomness, what the pool has, and seeds that are saved and loaded. */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/rnd.h>
#include <rumprun/crypto.h>
#include <rumprun/tool_sys.h>
#include <stdio.h>
#include "tools/tools.h"

#define DEV_RANDOM "/dev/random"
#define DEV_URANDOM "/dev/urandom"
#define ANY_TYPE 0xff
#define SEED_BYTES 512
/* As it lies in a file: bits of entropy, the seed, and the hash of both. */
#define SAVE_BYTES (4 + SEED_BYTES + RUMPRUN_SHA1_BYTES)

static const struct {
	const char *name;
	uint32_t type;
} types[] = {
	{ "undefined", RND_TYPE_UNKNOWN },
	{ "disk", RND_TYPE_DISK },
	{ "net", RND_TYPE_NET },
	{ "tape", RND_TYPE_TAPE },
	{ "tty", RND_TYPE_TTY },
	{ "rng", RND_TYPE_RNG },
	{ "skew", RND_TYPE_SKEW },
	{ "env", RND_TYPE_ENV },
	{ "vm", RND_TYPE_VM },
	{ "power", RND_TYPE_POWER },
};
#define NTYPES (sizeof(types) / sizeof(types[0]))

static _Noreturn void
usage(struct tool *t)
{
	const char *p = t->t_progname;

	t_eprintf(t,
	    "usage: %s [-CEce] [-d devname | -t devtype]\n"
	    "       %s [-lsv] [-d devname | -t devtype]\n"
	    "\t%s -[L|S] save-file\n",
	    p, p, p);
	t_exit(t, 1);
}

static uint32_t
type_of(struct tool *t, const char *name)
{
	for (size_t i = 0; i < NTYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	t_errx(t, 1, "device name %s unknown", name);
}

static const char *
type_name(uint32_t type)
{
	for (size_t i = 0; i < NTYPES; i++)
		if (types[i].type == type)
			return types[i].name;
	return "???";
}

static int
open_random(struct tool *t, int flags)
{
	int fd = sys_open(t, DEV_URANDOM, flags, 0);

	if (fd < 0)
		t_fail(t, 1, fd, "open");
	return fd;
}

static void
flag_names(char *buf, size_t size, uint32_t f)
{
	snprintf(buf, size, "%sestimate, %scollect%s%s%s%s",
	    f & RND_FLAG_NO_ESTIMATE ? "no " : "",
	    f & RND_FLAG_NO_COLLECT ? "no " : "",
	    f & RND_FLAG_COLLECT_VALUE ? ", v" : "",
	    f & RND_FLAG_COLLECT_TIME ? ", t" : "",
	    f & RND_FLAG_ESTIMATE_VALUE ? ", dv" : "",
	    f & RND_FLAG_ESTIMATE_TIME ? ", dt" : "");
}

static void
print_source(struct tool *t, const rndstat_est_name_t *e, bool verbose)
{
	char flags[80];

	flag_names(flags, sizeof(flags), e->source.rt.flags);
	t_printf(t, "%-16.16s %10u %-9s %s\n", e->source.rt.name,
	    e->source.rt.total, type_name(e->source.rt.type), flags);
	if (!verbose)
		return;
	t_printf(t, "\tDt samples = %u\n", e->source.dt_samples);
	t_printf(t, "\tDt bits = %u\n", e->source.dt_total);
	t_printf(t, "\tDv samples = %u\n", e->source.dv_samples);
	t_printf(t, "\tDv bits = %u\n", e->source.dv_total);
}

static void
list(struct tool *t, uint32_t type, const char *name, bool verbose)
{
	int fd = open_random(t, O_RDONLY), error;
	rndstat_est_name_t one;
	rndstat_est_t some;

	t_puts(t, "Source                 Bits Type      Flags\n");
	memset(&one, 0, sizeof(one));
	if (name != NULL) {
		snprintf(one.name, sizeof(one.name), "%s", name);
		error = sys_ioctl(t, fd, RNDGETESTNAME, &one);
		if (error < 0)
			t_fail(t, 1, error, "ioctl(RNDGETESTNAME)");
		print_source(t, &one, verbose);
	}
	for (uint32_t from = 0; name == NULL; from += some.count) {
		memset(&some, 0, sizeof(some));
		some.start = from;
		some.count = RND_MAXSTATCOUNT;
		error = sys_ioctl(t, fd, RNDGETESTNUM, &some);
		if (error < 0)
			t_fail(t, 1, error, "ioctl(RNDGETESTNUM)");
		if (some.count == 0 || some.count > RND_MAXSTATCOUNT)
			break;
		for (uint32_t i = 0; i < some.count; i++) {
			memcpy(&one.source, &some.source[i], sizeof(one.source));
			if (type == ANY_TYPE || type == one.source.rt.type)
				print_source(t, &one, verbose);
		}
	}
	sys_close(t, fd);
}

static void
pool(struct tool *t)
{
	int fd = open_random(t, O_RDONLY);
	rndpoolstat_t s;
	int error = sys_ioctl(t, fd, RNDGETPOOLSTAT, &s);

	if (error < 0)
		t_fail(t, 1, error, "ioctl(RNDGETPOOLSTAT)");
	t_printf(t, "\t%9u bits mixed into pool\n", s.added);
	t_printf(t, "\t%9u bits currently stored in pool (max %u)\n",
	    s.curentropy, s.maxentropy);
	t_printf(t, "\t%9u bits of entropy discarded due to full pool\n",
	    s.discarded);
	t_printf(t, "\t%9u hard-random bits generated\n", s.removed);
	t_printf(t, "\t%9u pseudo-random bits generated\n", s.generated);
	sys_close(t, fd);
}

static void
set_flags(struct tool *t, uint32_t type, const char *name, uint32_t flags,
    uint32_t mask)
{
	int fd = open_random(t, O_WRONLY), error;
	rndctl_t c;

	memset(&c, 0, sizeof(c));
	c.type = type;
	c.flags = flags;
	c.mask = mask;
	if (name != NULL)
		snprintf(c.name, sizeof(c.name), "%s", name);
	error = sys_ioctl(t, fd, RNDCTL, &c);
	if (error < 0)
		t_fail(t, 1, error, "ioctl(RNDCTL)");
	sys_close(t, fd);
}

/* --- seeds ------------------------------------------------------------------- */

/* Reads n bytes or less, to the end. */
static size_t
read_all(struct tool *t, int fd, uint8_t *buf, size_t n, const char *what)
{
	size_t done = 0;
	ssize_t got;

	do {
		got = sys_read(t, fd, buf + done, n - done);
		if (got < 0)
			t_fail(t, 1, (int)got, "%s", what);
		done += (size_t)got;
	} while (got > 0 && done < n);
	return done;
}

static void
save(struct tool *t, const char *path)
{
	uint8_t seed[SAVE_BYTES];
	uint32_t bits = 0;
	int fd, error;
	ssize_t n;

	fd = open_random(t, O_RDONLY);
	error = sys_ioctl(t, fd, RNDGETENTCNT, &bits);
	if (error < 0)
		t_fail(t, 1, error, "ioctl(RNDGETENTCNT)");
	if (bits > SEED_BYTES * 8)
		bits = SEED_BYTES * 8;
	memcpy(seed, &bits, 4);
	if (read_all(t, fd, seed + 4, SEED_BYTES, "entropy read") != SEED_BYTES)
		t_errx(t, 1, "entropy read");
	sys_close(t, fd);
	rumprun_sha1(seed, 4 + SEED_BYTES, seed + 4 + SEED_BYTES);
	sys_unlink(t, path);
	fd = sys_open(t, path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd < 0)
		t_fail(t, 1, fd, "output open");
	n = sys_write(t, fd, seed, sizeof(seed));
	rumprun_wipe(seed, sizeof(seed));
	if (n != (ssize_t)sizeof(seed)) {
		sys_unlink(t, path);
		t_fail(t, 1, n < 0 ? (int)n : EIO, "write");
	}
	error = sys_fsync(t, fd);
	if (error < 0)
		t_fail(t, 1, error, "fsync");
	sys_close(t, fd);
}

/* A seed is for one use: its file goes before it is given away. */
static void
load(struct tool *t, const char *path)
{
	uint8_t seed[SAVE_BYTES], sum[RUMPRUN_SHA1_BYTES];
	rnddata_t data;
	int fd, error;
	size_t n;

	fd = sys_open(t, path, O_RDWR, 0);
	if (fd < 0)
		t_fail(t, 1, fd, "input open");
	error = sys_unlink(t, path);
	if (error < 0)
		t_fail(t, 1, error, "unlink");
	n = read_all(t, fd, seed, sizeof(seed), "read");
	sys_close(t, fd);
	if (n != sizeof(seed))
		t_errx(t, 1, "%s: short entropy file", path);
	rumprun_sha1(seed, 4 + SEED_BYTES, sum);
	if (memcmp(sum, seed + 4 + SEED_BYTES, sizeof(sum)) != 0)
		t_errx(t, 1, "bad digest");
	memset(&data, 0, sizeof(data));
	data.len = SEED_BYTES;
	memcpy(&data.entropy, seed, 4);
	if (data.entropy > SEED_BYTES * 8)
		data.entropy = SEED_BYTES * 8;
	memcpy(data.data, seed + 4, SEED_BYTES);
	fd = open_random(t, O_RDWR);
	error = sys_ioctl(t, fd, RNDADDDATA, &data);
	rumprun_wipe(&data, sizeof(data));
	rumprun_wipe(seed, sizeof(seed));
	if (error < 0)
		t_fail(t, 1, error, "ioctl");
	sys_close(t, fd);
}

int
rndctl_main(struct tool *t, int argc, char **argv)
{
	uint32_t flags = 0, mask = 0, type = ANY_TYPE;
	const char *name = NULL, *seed = NULL;
	bool lflag = false, sflag = false, verbose = false, typed = false;
	int c, seedop = 0;

	while ((c = t_getopt(t, argc, argv, "CES:L:celt:d:sv")) != -1) {
		switch (c) {
		case 'C':
			flags |= RND_FLAG_NO_COLLECT;
			mask |= RND_FLAG_NO_COLLECT;
			break;
		case 'E':
			flags |= RND_FLAG_NO_ESTIMATE;
			mask |= RND_FLAG_NO_ESTIMATE;
			break;
		case 'c':
			flags &= ~(uint32_t)RND_FLAG_NO_COLLECT;
			mask |= RND_FLAG_NO_COLLECT;
			break;
		case 'e':
			flags &= ~(uint32_t)RND_FLAG_NO_ESTIMATE;
			mask |= RND_FLAG_NO_ESTIMATE;
			break;
		case 'L':
		case 'S':
			if (seedop != 0)
				usage(t);
			seedop = c;
			seed = t->t_opt.optarg;
			break;
		case 'l':
			lflag = true;
			break;
		case 't':
			if (name != NULL || typed)
				usage(t);
			typed = true;
			type = type_of(t, t->t_opt.optarg);
			break;
		case 'd':
			if (name != NULL || typed)
				usage(t);
			name = t->t_opt.optarg;
			break;
		case 's':
			sflag = true;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			usage(t);
		}
	}
	if (argc != t->t_opt.optind ||
	    (mask == 0 && !lflag && !sflag && !verbose && seedop == 0))
		usage(t);
	if (seedop == 'L')
		load(t, seed);
	else if (seedop == 'S')
		save(t, seed);
	if (seedop != 0)
		return 0;
	if (mask != 0)
		set_flags(t, type, name, flags, mask);
	if (lflag || verbose)
		list(t, type, name, verbose);
	if (sflag)
		pool(t);
	return 0;
}
