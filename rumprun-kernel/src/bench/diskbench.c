/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks made of something else, each beside its reference in the same run: vnd beside the file under it, cgd beside what `openssl speed` says of the cipher, RAID 5
 * beside the host's own writes to as many files, reads of a degraded set beside those of a whole one, reconstruction beside the host's sequential write. The
 * best of three rounds each, in turn. Tools configure the disks by way of a socket.
 * usage: diskbench FOLDER BIN MEGABYTES vnd|raid
 *	diskbench FOLDER BIN MEGABYTES cgd CIPHER BITS ENCRYPT DECRYPT
 */
#include "bench.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#define MB (1 << 20)
#define CHUNK MB
#define ROUNDS 3
#define UNIT (64 << 10) /* a stripe unit */
#define DISKS 4
#define NB_CHECK_RECON 0xc0047206UL
/* NetBSD's flags of open. */
#define NB_RDWR 2
#define NB_CREATE 0x0602

static const char *folder, *bin;
static struct rumprun_kernel *kernel;
static struct rumprun_proc *proc;
static size_t total; /* bytes */

static void
tool(const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line),
	    "RUMP_SERVER=unix://%s/sock %s/%s >/dev/null", folder, bin, command);
	need(system(line) == 0, line);
}

static void
start(void)
{
	char url[256], why[256];

	proc = boot(NULL, &kernel);
	snprintf(url, sizeof(url), "unix://%s/sock", folder);
	need(rumprun_kernel_listen(kernel, url, why, sizeof(why)) == 0, why);
}

/* A file of the host that has all its blocks. */
static int
host_file(const char *name, size_t size)
{
	static char zeros[CHUNK];
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	need(fd >= 0, path);
	for (size_t at = 0; at < size; at += CHUNK)
		need(pwrite(fd, zeros, CHUNK, (off_t)at) == CHUNK, path);
	return fd;
}

/* One as a block and character device /NAME, /rNAME. */
static void
disk(const char *name, size_t size)
{
	char key[32], path[256], why[256];

	close(host_file(name, size));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(key, sizeof(key), "/%s", name);
	need(rumprun_etfs_register(kernel, key, path, RUMPRUN_ETFS_BLK, 0, -1,
		 why, sizeof(why)) == 0,
	    why);
	snprintf(key, sizeof(key), "/r%s", name);
	need(rumprun_etfs_register(kernel, key, path, RUMPRUN_ETFS_CHR, 0, -1,
		 why, sizeof(why)) == 0,
	    why);
}

static void
text_file(const char *path, const char *text)
{
	int fd = rumprun_open(proc, path, NB_CREATE, 0600);
	size_t n = strlen(text);

	need(fd >= 0 && rumprun_write(proc, fd, text, n) == (int64_t)n, path);
	rumprun_close(proc, fd);
}

static struct end
device(const char *path)
{
	struct end e = { proc, rumprun_open(proc, path, NB_RDWR, 0) };

	need(e.fd >= 0, path);
	return e;
}

/* --- transfers --- */

struct span {
	const struct end *e; /* several: pieces of UNIT to each in turn */
	int n;
	bool write;
	size_t begin, end, chunk;
};

static void
piece(const struct span *s, const struct end *e, char *b, size_t n, size_t at)
{
	int64_t done;

	if (e->p == NULL)
		done = s->write ? pwrite(e->fd, b, n, (off_t)at) :
				  pread(e->fd, b, n, (off_t)at);
	else
		done = s->write ?
		    rumprun_pwrite(e->p, e->fd, b, n, (int64_t)at) :
		    rumprun_pread(e->p, e->fd, b, n, (int64_t)at);
	need(done == (int64_t)n, s->write ? "write" : "read");
}

static void *
span_run(void *arg)
{
	const struct span *s = arg;
	char *b = aligned_alloc(4096, s->chunk);

	memset(b, 0x5a, s->chunk);
	for (size_t at = s->begin; at < s->end; at += s->chunk)
		if (s->n == 1)
			piece(s, s->e, b, s->chunk, at);
		else
			for (int i = 0; i < s->n; i++)
				piece(s, &s->e[i], b, s->chunk / (size_t)s->n,
				    at / (size_t)s->n);
	free(b);
	return NULL;
}

/* MB/s of `bytes` by so many threads, each with a part of its own. */
static double
speed(const struct end *e, int n, bool write, size_t bytes, size_t chunk,
    int threads)
{
	struct span span[8];
	pthread_t th[8];
	size_t each = bytes / (size_t)threads / chunk * chunk;
	double t = now();

	for (int i = 0; i < threads; i++) {
		span[i] = (struct span){ e, n, write, (size_t)i * each,
			(size_t)(i + 1) * each, chunk };
		if (i > 0)
			pthread_create(&th[i], NULL, span_run, &span[i]);
	}
	span_run(&span[0]);
	for (int i = 1; i < threads; i++)
		pthread_join(th[i], NULL);
	return (double)each * threads / 1e6 / (now() - t);
}

static void
best(double *of, double one)
{
	if (one > *of)
		*of = one;
}

/* --- the lines --- */

static void
vnd(void)
{
	double file[2] = { 0 }, over[2] = { 0 };
	struct end under, e;

	start();
	disk("disk", total + total / 4 + 32 * MB);
	tool("newfs /rdisk");
	need(rumprun_mkdir(proc, "/mnt", 0755) == 0, "mkdir");
	tool("mount_ffs /disk /mnt");
	under = (struct end){ proc,
		rumprun_open(proc, "/mnt/file", NB_CREATE, 0600) };
	need(under.fd >= 0, "open");
	speed(&under, 1, true, total, CHUNK, 1);
	tool("vnconfig vnd0 /mnt/file");
	e = device("/dev/rvnd0d");
	for (int i = 0; i < ROUNDS; i++)
		for (int w = 0; w < 2; w++) {
			best(&file[w], speed(&under, 1, w, total, CHUNK, 1));
			best(&over[w], speed(&e, 1, w, total, CHUNK, 1));
		}
	report("vnd_write_mb_s", over[1], "its file ", file[1]);
	report("vnd_read_mb_s", over[0], "its file ", file[0]);
}

static void
cgd(const char *cipher, const char *bits, double encrypt, double decrypt)
{
	const double reference[2] = { decrypt, encrypt };
	char params[512], name[64];
	double one[2] = { 0 }, two[2] = { 0 };
	struct end e;

	snprintf(params, sizeof(params),
	    "algorithm %s;\niv-method encblkno1;\nkeylength %s;\n"
	    "verify_method none;\nkeygen randomkey;\n",
	    cipher, bits);
	start();
	disk("disk", total);
	text_file("/params", params);
	tool("cgdconfig cgd0 /disk /params");
	e = device("/dev/rcgd0d");
	for (int i = 0; i < ROUNDS; i++)
		for (int w = 1; w >= 0; w--) {
			best(&one[w], speed(&e, 1, w, total, CHUNK, 1));
			best(&two[w], speed(&e, 1, w, total, CHUNK, 2));
		}
	for (int w = 1; w >= 0; w--) {
		snprintf(name, sizeof(name), "cgd_%s_%s_%s_mb_s", cipher, bits,
		    w ? "write" : "read");
		report(name, one[w], "openssl  ", reference[w]);
		snprintf(name, sizeof(name), "  by two threads");
		report(name, two[w], "by one   ", one[w]);
	}
}

/* Rebuilds a component in place; MB/s of its bytes. */
static double
rebuild(const struct end *set, size_t bytes)
{
	int percent = 0;
	double t = now();

	tool("raidctl -R /d1 raid0");
	for (;;) {
		need(call(set->p, NB_IOCTL, 3, L(set->fd), L(NB_CHECK_RECON),
			 P(&percent)) == 0,
		    "reconstruction's status");
		if (percent >= 100)
			break;
		usleep(2000);
	}
	return (double)bytes / 1e6 / (now() - t);
}

static void
raid(void)
{
	size_t stripe = (DISKS - 1) * (size_t)UNIT, chunk = stripe * 16;
	size_t each = (total / (DISKS - 1) / MB + 1) * MB, bytes;
	double writes = 0, host = 0, reads = 0, degraded = 0, rebuilt = 0,
	       sequential = 0;
	struct end e, files[DISKS];
	char name[16];

	start();
	for (int i = 0; i < DISKS; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		disk(name, each + MB);
		snprintf(name, sizeof(name), "file%d", i);
		files[i] = (struct end){ NULL, host_file(name, each) };
	}
	text_file("/raid.conf",
	    "START array\n1 4 0\nSTART disks\n/d0\n/d1\n/d2\n/d3\n"
	    "START layout\n128 1 1 5\nSTART queue\nfifo 100\n");
	tool("raidctl -C /raid.conf raid0");
	tool("raidctl -I 1 raid0");
	tool("raidctl -iv raid0");
	e = device("/dev/rraid0d");
	bytes = each * (DISKS - 1) / chunk * chunk;
	for (int i = 0; i < ROUNDS; i++) {
		/* The same bytes, to as many files. */
		best(&host, speed(files, DISKS, true, bytes, chunk, 1));
		best(&writes, speed(&e, 1, true, bytes, chunk, 1));
		best(&reads, speed(&e, 1, false, bytes, chunk, 1));
	}
	for (int i = 0; i < ROUNDS; i++) {
		tool("raidctl -f /d1 raid0");
		usleep(500000);
		best(&degraded, speed(&e, 1, false, bytes, chunk, 1));
		best(&rebuilt, rebuild(&e, each));
		best(&reads, speed(&e, 1, false, bytes, chunk, 1));
		best(&sequential, speed(files, 1, true, each, CHUNK, 1));
	}
	report("raid5_write_mb_s", writes, "host     ", host);
	report("raid5_degraded_read_mb_s", degraded, "healthy  ", reads);
	report("raid5_rebuild_mb_s", rebuilt, "host     ", sequential);
}

int
main(int argc, char **argv)
{
	if (argc < 5 || (strcmp(argv[4], "cgd") == 0 ? argc != 9 : argc != 5)) {
		fprintf(stderr,
		    "usage: diskbench FOLDER BIN MEGABYTES vnd|raid\n"
		    "       diskbench FOLDER BIN MEGABYTES cgd CIPHER BITS "
		    "ENCRYPT DECRYPT\n");
		return 2;
	}
	folder = argv[1];
	bin = argv[2];
	total = (size_t)atoi(argv[3]) * MB;
	if (strcmp(argv[4], "vnd") == 0)
		vnd();
	else if (strcmp(argv[4], "raid") == 0)
		raid();
	else
		cgd(argv[5], argv[6], atof(argv[7]), atof(argv[8]));
	rumprun_kernel_halt(kernel, 1);
	return 0;
}
