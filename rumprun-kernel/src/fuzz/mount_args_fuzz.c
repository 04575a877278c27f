/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzing: mount(2), its types, flags and argument blocks, and unmount(2), in whatever order. */
#include "kern/kernel.h"
#include <netbsd/errno.h>
#include <netbsd/mount.h>
#include <netbsd/stat.h>
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
		kern_syscall(l, number, &sa_, rv_);             \
	})

static const char *const places[] = { "/m", "/m/n", "/", "/dev", "/f", "/none",
	"/m/.." };
static const char *const types[] = { "ffs", "tmpfs", "union", "null", "ext2fs",
	"mfs", "rumpfs", "kernfs", "" };

#define PICK(table, b) table[(b) % (sizeof(table) / sizeof(table[0]))]

/* Pointers lead to names of the input's; the rest is what it says. */
static void
mount_one(struct lwp *l, const uint8_t *r, const uint8_t *rest, size_t n)
{
	union {
		struct ufs_args ufs;
		struct tmpfs_args tmpfs;
		struct union_args un;
		uint8_t raw[200];
	} a;
	char name[40];
	int flags;

	memset(&a, 0, sizeof(a));
	memcpy(&a, rest, n < sizeof(a) ? n : sizeof(a));
	memset(name, 0, sizeof(name));
	memcpy(name, rest, n < sizeof(name) - 1 ? n : sizeof(name) - 1);
	if (strcmp(PICK(types, r[0]), "tmpfs") != 0)
		a.ufs.fspec = r[3] & 1 ?
		    name :
		    (char *)(uintptr_t)PICK(places, r[3] >> 1);
	memcpy(&flags, r + 4, sizeof(flags));
	if (r[2] & 0x80)
		flags &= MNT_RDONLY | MNT_UPDATE | MNT_UNION | MNT_LOG;
	(void)SYS(l, SYS___mount50, __mount50,
	    P(const char *, PICK(types, r[0])),
	    P(const char *, PICK(places, r[1])), P(int, flags), P(void *, &a),
	    P(size_t,
		r[2] & 0x40	? sizeof(a) :
		    r[2] & 0x20 ? r[2] & 31 :
				  sizeof(struct tmpfs_args)));
}

static void
use(struct lwp *l, const char *path)
{
	struct stat st;

	(void)SYS(l, SYS___lstat50, __lstat50, P(const char *, path),
	    P(struct stat *, &st));
	(void)SYS(l, SYS_mkdir, mkdir, P(const char *, "/m/n"), P(mode_t, 0755));
	(void)SYS(l, SYS_mkdir, mkdir, P(const char *, "/m/o"), P(mode_t, 0755));
	(void)SYS(l, SYS_rmdir, rmdir, P(const char *, "/m/o"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct kern_config config = { .kc_ncpu = 1 };
	struct rump_kernel *k;
	int64_t leak = 0;
	struct proc *p;
	struct lwp *l;
	int flags;

	if (kern_boot(&config, &k) != 0)
		abort();
	if (proc_fork(k, NULL, RFCFDG, "fuzz", &p) != 0 ||
	    lwp_create(p, &l) != 0)
		abort();
	(void)SYS(l, SYS_mkdir, mkdir, P(const char *, "/m"), P(mode_t, 0755));
	while (n >= 8) {
		size_t extra = in[7] % 64 < n - 8 ? in[7] % 64 : n - 8;

		if (in[0] & 0x80) {
			memcpy(&flags, in + 4, sizeof(flags));
			(void)SYS(l, SYS_unmount, unmount,
			    P(const char *, PICK(places, in[1])),
			    P(int, in[2] & 1 ? flags : in[2] & MNT_FORCE));
		} else
			mount_one(l, in, in + 8, extra);
		use(l, PICK(places, in[1]));
		in += 8 + extra;
		n -= 8 + extra;
	}
	lwp_destroy(l);
	proc_exit(p, NULL, 0);
	kern_halt(k, false, &leak);
	if (leak != 0) {
		fprintf(stderr, "leak of %lld bytes\n", (long long)leak);
		abort();
	}
	return 0;
}
