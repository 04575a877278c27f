/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: component labels, parity maps and configurations of raid. Three components have good labels; the input says what is different:
 *	level, units, flags (1: by force, 2: the second one is absent, 4: the first one fails, 8: parity is rewritten, 16: the first one is rebuilt), then records of 7:
 *	component, place (2), a word that is there then.
 */
#include "dev/etfs.h"
#include "kern/kernel.h"
#include <netbsd/fcntl.h>
#include <netbsd/raidframe.h>
#include <netbsd/syscallargs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define P(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
#define SYS(l, number, type, ...)                               \
	__extension__({                                         \
		struct sys_##type##_args sa_ = { __VA_ARGS__ }; \
		register_t rv_[2];                              \
		int e_ = kern_syscall(l, number, &sa_, rv_);    \
		e_ != 0 ? (long)e_ : (long)rv_[0];              \
	})

#define COMPS 3
#define SECTORS 320
#define LABEL 16384
#define ROOM 1536 /* the label's, and the map */

static struct rump_kernel *k;
static struct lwp *l;
static long fd;
static int files[COMPS];
static char paths[COMPS][200];

static long
request(unsigned long cmd, void *data)
{
	return SYS(l, SYS_ioctl, ioctl, P(int, fd), P(unsigned long, cmd),
	    P(void *, data));
}

static void
remove_files(void)
{
	for (int i = 0; i < COMPS; i++)
		host_linux.unlink(paths[i]);
}

static void
boot(void)
{
	struct proc *p;

	if (kern_boot(NULL, &k) != 0 ||
	    proc_fork(k, NULL, RFCFDG, "fuzz", &p) != 0 ||
	    lwp_create(p, &l) != 0)
		abort();
	for (int i = 0; i < COMPS; i++) {
		char *path = paths[i], key[8];

		snprintf(path, sizeof(paths[i]), "%s/rumprun-raid-%d.%d",
		    getenv("FUZZ_DIR") != NULL ? getenv("FUZZ_DIR") : "/tmp",
		    host_getpid(), i);
		snprintf(key, sizeof(key), "/d%d", i % 10);
		if (host_linux.open(path, 2 | HOST_O_CREAT | HOST_O_TRUNC, 0600,
			&files[i]) != 0 ||
		    host_linux.ftruncate(files[i], SECTORS * 512) != 0 ||
		    etfs_register(k, key, path, ETFS_BLK, 0, ETFS_SIZE_TOEND) !=
			0)
			abort();
	}
	atexit(remove_files);
	fd = SYS(l, SYS_open, open, P(const char *, "/dev/rraid0d"),
	    P(int, O_RDWR), P(mode_t, 0));
	if (fd < 0)
		abort();
}

static struct RF_ComponentLabel_s
good_label(int column, char level)
{
	struct RF_ComponentLabel_s label;

	memset(&label, 0, sizeof(label));
	label.version = 2;
	label.serial_number = 7;
	label.mod_counter = label.parity_map_modcount = 20;
	label.column = column;
	label.num_rows = 1;
	label.num_columns = level == '1' ? 2 : COMPS;
	label.sectPerSU = 8;
	label.SUsPerPU = label.SUsPerRU = 1;
	label.parityConfig = level;
	label.maxOutstanding = 100;
	label.blockSize = 512;
	label.__numBlocks = SECTORS - 64;
	label.__partitionSize = SECTORS;
	label.parity_map_flags = 3;
	label.parity_map_tickms = 40000;
	label.parity_map_ntick = 8;
	label.parity_map_regions = 16;
	return label;
}

static void
write_labels(char level, const uint8_t *in, size_t n)
{
	static uint8_t room[COMPS][ROOM];

	memset(room, 0, sizeof(room));
	for (int i = 0; i < COMPS; i++) {
		struct RF_ComponentLabel_s label = good_label(i, level);

		memcpy(room[i], &label, sizeof(label));
	}
	for (; n >= 7; in += 7, n -= 7) {
		size_t at = (size_t)(in[1] | in[2] << 8) % (ROOM / 4) * 4;

		memcpy(room[in[0] % COMPS] + at, in + 3, 4);
	}
	for (int i = 0; i < COMPS; i++) {
		struct iovec iov = { room[i], ROOM };

		if (host_linux.pwritev(files[i], &iov, 1, LABEL) != ROOM)
			abort();
	}
}

static void
wait_for(unsigned long cmd)
{
	for (int percent = 0; percent < 100;)
		if (request(cmd, &percent) != 0)
			return;
}

/* A set that is up works. */
static void
use(uint8_t flags)
{
	static uint8_t buf[20 * 512], back[20 * 512];
	struct RF_SingleComponent_s sc;
	struct rf_recon_req rr;
	int size;

	if (request(RAIDFRAME_GET_SIZE, &size) != 0 ||
	    size > COMPS * (SECTORS - 64))
		abort();
	memset(buf, flags + 1, sizeof(buf));
	memset(&rr, 0, sizeof(rr));
	memset(&sc, 0, sizeof(sc));
	if (flags & 8 && request(RAIDFRAME_REWRITEPARITY, NULL) == 0)
		wait_for(RAIDFRAME_CHECK_PARITYREWRITE_STATUS);
	for (int at = 0; at + 20 <= size; at += 37) {
		if (SYS(l, SYS_pwrite, pwrite, P(int, fd), P(const void *, buf),
			P(size_t, sizeof(buf)), P(int, 0),
			P(off_t, at * 512)) != (long)sizeof(buf))
			abort();
		if (at == 37 && flags & 4)
			(void)request(RAIDFRAME_FAIL_DISK, &rr);
		if (SYS(l, SYS_pread, pread, P(int, fd), P(void *, back),
			P(size_t, sizeof(back)), P(int, 0),
			P(off_t, at * 512)) != (long)sizeof(back) ||
		    memcmp(buf, back, sizeof(buf)) != 0)
			abort();
	}
	if (flags & 16 && request(RAIDFRAME_REBUILD_IN_PLACE, &sc) == 0)
		wait_for(RAIDFRAME_CHECK_RECON_STATUS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static struct RF_Config_s cf;
	void *p = &cf;

	if (n < 3)
		return 0;
	if (k == NULL)
		boot();
	memset(&cf, 0, sizeof(cf));
	cf.parityConfig = (int8_t) "0145"[in[0] % 4];
	cf.numRow = 1;
	cf.numCol = cf.parityConfig == '1' ? 2 : COMPS;
	for (int i = 0; i < cf.numCol; i++)
		snprintf(cf.devnames[0][i], 50,
		    i == 1 && in[2] & 2 ? "absent" : "/d%d", i);
	cf.sectPerSU = in[1] & 0x80 ? in[1] & 0x7f : 8;
	cf.SUsPerPU = cf.SUsPerRU = 1;
	cf.force = in[2] & 1;
	write_labels((char)cf.parityConfig, in + 3, n - 3);
	if (request(RAIDFRAME_CONFIGURE, &p) == 0) {
		use(in[2]);
		if (request(RAIDFRAME_SHUTDOWN, NULL) != 0)
			abort();
	}
	return 0;
}
