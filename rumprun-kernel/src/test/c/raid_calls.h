/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of raid: sets of files of the host, requests that fail when told to, a model of what a set has. */
#ifndef RAID_CALLS_H
#define RAID_CALLS_H

#include <netbsd/raidframe.h>
#include "core_calls.h"
#include "dev/etfs.h"

#define MAXCOMPS 8
#define RAWDEV "/dev/rraid0d"

/* --- the host, which may fail requests to a component ------------------------------------ */

enum fault { FAULT_NONE, FAULT_EIO, FAULT_TORN };

/* Which component an open file is; -1: none. */
static int comp_of_fd[4096];
static _Atomic int requests[MAXCOMPS]; /* that got here */
/* The requests to this component from `fault_at` on fail, for so many; fault_sync: syncs as well. */
static _Atomic int fault_comp = -1, fault_at, fault_count, fault_kind;
/* The power: after so many more writes it goes, in the middle of one; later ones get nowhere. */
static _Atomic bool power_counts;
static _Atomic int power_left;

static inline int
faulty_open(const char *path, int flags, uint32_t mode, int *fdp)
{
	int error = host_linux.open(path, flags, mode, fdp), n;

	if (error != 0 || *fdp >= 4096)
		return error;
	/* Readers on other processors have descriptors of their own. */
	if (sscanf(path, "/proc/self/fd/%d", &n) == 1)
		n = n < 4096 ? comp_of_fd[n] : -1;
	else if (sscanf(path, RAID_FILES ".%d", &n) != 1)
		n = -1;
	comp_of_fd[*fdp] = n;
	return 0;
}

static inline bool
faulty(int fd, int *kind)
{
	int comp = fd < 4096 ? comp_of_fd[fd] : -1, n;

	if (comp < 0 || comp >= MAXCOMPS)
		return false;
	n = atomic_fetch_add(&requests[comp], 1);
	if (atomic_load(&fault_comp) != comp || n < atomic_load(&fault_at) ||
	    n - atomic_load(&fault_at) >= atomic_load(&fault_count))
		return false;
	*kind = atomic_load(&fault_kind);
	return true;
}

static inline ssize_t
faulty_read(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	int kind;

	return faulty(fd, &kind) ? -EIO : host_linux.preadv(fd, iov, cnt, off);
}

/* Half of the first vector's sectors. */
static inline void
torn_write(int fd, const struct iovec *iov, int64_t off)
{
	struct iovec part = { iov[0].iov_base,
		(iov[0].iov_len / 512 + 1) / 2 * 512 };

	if (part.iov_len <= iov[0].iov_len)
		(void)!host_linux.pwritev(fd, &part, 1, off);
}

static inline ssize_t
faulty_write(int fd, const struct iovec *iov, int cnt, int64_t off)
{
	int kind, left;

	if (fd < 4096 && comp_of_fd[fd] >= 0 && atomic_load(&power_counts) &&
	    (left = atomic_fetch_sub(&power_left, 1)) <= 0) {
		ssize_t n = 0;

		if (left == 0)
			torn_write(fd, iov, off);
		for (int i = 0; i < cnt; i++)
			n += (ssize_t)iov[i].iov_len;
		return n;
	}
	if (!faulty(fd, &kind))
		return host_linux.pwritev(fd, iov, cnt, off);
	if (kind == FAULT_TORN)
		torn_write(fd, iov, off);
	return -EIO;
}

static inline int
faulty_sync(int fd)
{
	int kind;

	if (faulty(fd, &kind))
		return -EIO;
	/* What the host does with its disks is not what these tests are about. */
	return 0;
}

/* --- a kernel with components ------------------------------------------------------------ */

static struct host_ops raid_host;
static size_t secsize = 512;
#define DATA_AT (64 * secsize)
static size_t comp_size;
static int ncomps;
static struct fixture fx;
static long rfd = -1;

static inline const char *
comp_path(int i)
{
	static char path[MAXCOMPS][32];

	snprintf(path[i], sizeof(path[i]), RAID_FILES ".%d", i);
	return path[i];
}

static inline void
faults_off(void)
{
	atomic_store(&fault_comp, -1);
	atomic_store(&power_counts, false);
}

static inline void
boot(void)
{
	struct kern_config c = { .kc_host = &raid_host,
		.kc_sectshift = secsize == 512 ? 9 : 12 };

	memset(comp_of_fd, -1, sizeof(comp_of_fd));
	raid_host = host_linux;
	raid_host.open = faulty_open;
	raid_host.preadv = faulty_read;
	raid_host.pwritev = faulty_write;
	raid_host.fdatasync = faulty_sync;
	faults_off();
	up_config(&fx, &c);
	for (int i = 0; i < ncomps; i++) {
		char key[16];

		snprintf(key, sizeof(key), "/d%d", i);
		CHECK_EQ(etfs_register(fx.k, key, comp_path(i), ETFS_BLK, 0,
			     ETFS_SIZE_TOEND),
		    0);
	}
	rfd = l_open(fx.l, RAWDEV, O_RDWR, 0);
	CHECK(rfd >= 0);
}

static inline void
make_comps(int n, size_t size)
{
	ncomps = n;
	comp_size = size;
	for (int i = 0; i < n; i++) {
		int fd = hostfile(comp_path(i), HOST_O_TRUNC);

		CHECK_EQ(host_linux.ftruncate(fd, (int64_t)size), 0);
		host_linux.close(fd);
	}
}

static inline void
halt(void)
{
	l_close(fx.l, rfd);
	rfd = -1;
	down(&fx);
}

/* The kernel goes as in a crash: what it would still write does not get out. */
static inline void
crash(void)
{
	atomic_store(&power_left, -1);
	atomic_store(&power_counts, true);
	l_close(fx.l, rfd);
	rfd = -1;
	down(&fx);
	faults_off();
}

static inline void
unlink_comps(void)
{
	for (int i = 0; i < ncomps; i++)
		host_linux.unlink(comp_path(i));
}

/* --- sets ------------------------------------------------------------------------------- */

static char set_level;
static int set_cols, set_spares, set_su;
static uint64_t set_size;

static inline long
request(unsigned long cmd, void *data)
{
	return l_ioctl(fx.l, rfd, cmd, data);
}

/* Components /d0 ..., the spares after them; a name of order[i] instead of the ith when given. */
static inline long
configure_as(const int *order, bool force)
{
	struct RF_Config_s *cf = calloc(1, sizeof(*cf));
	void *p = cf;
	int size = 0;
	long error;

	cf->numRow = 1;
	cf->numCol = set_cols;
	cf->numSpare = set_spares;
	for (int i = 0; i < set_cols; i++) {
		int n = order != NULL ? order[i] : i;

		if (n < 0)
			strcpy(cf->devnames[0][i], "absent");
		else
			snprintf(cf->devnames[0][i], 50, "/d%d", n);
	}
	for (int i = 0; i < set_spares; i++)
		snprintf(cf->spare_names[i], 50, "/d%d", set_cols + i);
	cf->sectPerSU = set_su;
	cf->SUsPerPU = cf->SUsPerRU = 1;
	cf->parityConfig = set_level;
	strcpy(cf->diskQueueType, "fifo");
	cf->maxOutstandingDiskReqs = 100;
	cf->force = force;
	error = request(RAIDFRAME_CONFIGURE, &p);
	free(cf);
	if (error == 0) {
		CHECK_EQ(request(RAIDFRAME_GET_SIZE, &size), 0);
		set_size = (uint64_t)size * secsize;
	}
	return error;
}

static inline long
configure(bool force)
{
	return configure_as(NULL, force);
}

static inline int
status_of(int i)
{
	struct RF_DeviceConfig_s *dc = calloc(1, sizeof(*dc));
	void *p = dc;
	int status;

	CHECK_EQ(request(RAIDFRAME_GET_INFO, &p), 0);
	status = i < set_cols ? dc->devs[i].status :
				dc->spares[i - set_cols].status;
	free(dc);
	return status;
}

static inline int
parity_good(void)
{
	int good = -1;

	CHECK_EQ(request(RAIDFRAME_CHECK_PARITY, &good), 0);
	return good;
}

static inline void
wait_for(unsigned long cmd)
{
	for (int percent = 0; percent < 100;) {
		CHECK_EQ(request(cmd, &percent), 0);
		if (percent < 100)
			host_sleep_ns(MS);
	}
}

static inline void
rewrite_parity(void)
{
	CHECK_EQ(request(RAIDFRAME_REWRITEPARITY, NULL), 0);
	wait_for(RAIDFRAME_CHECK_PARITYREWRITE_STATUS);
}

static inline long
fail_column(int col, bool recon)
{
	struct rf_recon_req rr;

	memset(&rr, 0, sizeof(rr));
	rr.col = col;
	rr.flags = recon ? RF_FDFLAGS_RECON : RF_FDFLAGS_NONE;
	return request(RAIDFRAME_FAIL_DISK, &rr);
}

static inline long
single(unsigned long cmd, int col, const char *name)
{
	struct RF_SingleComponent_s sc;

	memset(&sc, 0, sizeof(sc));
	sc.column = col;
	if (name != NULL)
		snprintf(
		    sc.component_name, sizeof(sc.component_name), "%s", name);
	return request(cmd, &sc);
}

static inline void
set_up(char level, int cols, int spares, int su, size_t size)
{
	int serial = 17;
	struct RF_ComponentLabel_s label;

	make_comps(cols + spares, size);
	boot();
	set_level = level;
	set_cols = cols;
	set_spares = spares;
	set_su = su;
	CHECK_EQ(configure(true), 0);
	memset(&label, 0, sizeof(label));
	label.serial_number = serial;
	CHECK_EQ(request(RAIDFRAME_INIT_LABELS, &label), 0);
}

static inline void
tear_down(void)
{
	halt();
	unlink_comps();
}

/* --- what is on it ------------------------------------------------------------------------ */

static uint8_t *model, *scratch;
static unsigned seed = 1;

static inline unsigned
next(void)
{
	seed = seed * 1103515245u + 12345u;
	return seed >> 8;
}

static inline void
model_begin(void)
{
	model = calloc(1, (size_t)set_size);
	scratch = calloc(1, (size_t)set_size);
	CHECK(model != NULL && scratch != NULL);
}

static inline void
model_end(void)
{
	free(model);
	free(scratch);
	model = scratch = NULL;
}

static inline void
random_range(size_t *off, size_t *n)
{
	size_t sectors = (size_t)set_size / secsize;
	size_t most = next() % 3 == 0 ? 8 : next() % 2 ? 100 : 700;
	size_t at = next() % sectors, len = 1 + next() % most;

	if (len > sectors - at)
		len = sectors - at;
	*off = at * secsize;
	*n = len * secsize;
}

/* The result of the write; the model has it when it was done. */
static inline long
write_random(void)
{
	size_t off, n;
	long done;

	random_range(&off, &n);
	for (size_t i = 0; i < n; i += 4) {
		unsigned x = next();

		memcpy(scratch + i, &x, 4);
	}
	done = l_pwrite(fx.l, rfd, scratch, n, (off_t)off);
	if (done == (long)n)
		memcpy(model + off, scratch, n);
	return done == (long)n ? 0 : done < 0 ? done : -EIO;
}

static inline void
read_random(void)
{
	size_t off, n;

	random_range(&off, &n);
	CHECK_EQ(l_pread(fx.l, rfd, scratch, n, (off_t)off), (long)n);
	CHECK(memcmp(scratch, model + off, n) == 0);
}

static inline void
check_all(void)
{
	CHECK_EQ(
	    l_pread(fx.l, rfd, scratch, (size_t)set_size, 0), (long)set_size);
	CHECK(memcmp(scratch, model, (size_t)set_size) == 0);
}

static inline void
exercise(int times)
{
	for (int i = 0; i < times; i++) {
		CHECK_EQ(write_random(), 0);
		read_random();
	}
	check_all();
}

static inline uint8_t *
comp_bytes(int i)
{
	uint8_t *p = malloc(comp_size);
	struct iovec iov = { p, comp_size };
	int fd = hostfile(comp_path(i), 0);

	CHECK_EQ(host_linux.preadv(fd, &iov, 1, 0), (long)comp_size);
	host_linux.close(fd);
	return p;
}

/* How many sectors there are where the columns do not add up to nothing. order NULL: components in order. */
static inline int
wrong_sectors(const int *order)
{
	size_t su = (size_t)set_su * secsize;
	size_t n = (comp_size - DATA_AT) / su * su;
	uint8_t *sum = calloc(1, n);
	int wrong = 0;

	for (int c = 0; c < set_cols; c++) {
		uint8_t *p = comp_bytes(order != NULL ? order[c] : c);

		for (size_t i = 0; i < n; i++)
			sum[i] ^= p[DATA_AT + i];
		free(p);
	}
	for (size_t i = 0; i < n; i += 512) {
		bool zero = true;

		for (size_t k = 0; k < 512; k++)
			zero = zero && sum[i + k] == 0;
		wrong += !zero;
	}
	free(sum);
	return wrong;
}

static inline struct RF_ComponentLabel_s
label_on(int i)
{
	struct RF_ComponentLabel_s label;
	uint8_t *p = comp_bytes(i);

	memcpy(&label, p + 16384, sizeof(label));
	free(p);
	return label;
}

#endif
