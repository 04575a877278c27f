/* SPDX-License-Identifier: BSD-2-Clause */
/* The harness of the matrix, see the header: kernels, images, mounts, the loop over everything. */
#include "lib/matrix.h"
#include "dev/etfs.h"
#include "fs/hostfs/hostfs.h"
#include "lib/ffs_check.h"
#include "lib/run_tool.h"
#include "proxy/client.h"
#include "proxy/proxy.h"

struct matrix m;

#define CAP_FFS (CAP_ALL | CAP_DISK)
static const struct mfs filesystems[] = {
	{ "tmpfs", CAP_ALL, NULL, 0 },
	{ "rumpfs", CAP_NODES | CAP_OWNER | CAP_TIMES, NULL, 0 },
	{ "hostfs", CAP_LINK | CAP_RENAME | CAP_BIG | CAP_DOTS, NULL, 0 },
	{ "ffs1-le", CAP_FFS | CAP_UFS1, "-O 1 -B le -b 4096 -f 512", 0 },
	{ "ffs1-be", CAP_FFS | CAP_UFS1, "-O 1 -B be -b 8192 -f 1024", 0 },
	{ "ffs2-le", CAP_FFS, "-O 2 -B le -b 16384 -f 2048", 0 },
	{ "ffs2-be", CAP_FFS, "-O 2 -B be -b 32768 -f 32768 -n 4000", 0 },
	{ "ffs1-le-log", CAP_FFS | CAP_UFS1 | CAP_LOG,
	    "-O 1 -B le -b 16384 -f 4096 -n 4000", MNT_LOG },
	{ "ffs1-be-log", CAP_FFS | CAP_UFS1 | CAP_LOG,
	    "-O 1 -B be -b 4096 -f 1024", MNT_LOG },
	{ "ffs2-le-log", CAP_FFS | CAP_LOG, "-O 2 -B le -b 8192 -f 1024",
	    MNT_LOG },
	{ "ffs2-be-log", CAP_FFS | CAP_LOG, "-O 2 -B be -b 4096 -f 512",
	    MNT_LOG },
};
#define NFS (sizeof(filesystems) / sizeof(filesystems[0]))

bool
has(unsigned caps)
{
	unsigned mine = m.fs->caps | (m.remote ? 0 : CAP_LINKED);

	return (mine & caps) == caps;
}

static void
make_image(void)
{
	char line[512];

	remove(m.img);
	snprintf(
	    line, sizeof(line), "newfs -F -s 16m %s %s", m.fs->newfs, m.img);
	if (run_tool(line) != 0) {
		printf("%s: %s\n", line, tool_said);
		CHECK(!"newfs works");
	}
}

static int
check_image(void)
{
	char line[256];
	int status;

	if (!(m.fs->caps & CAP_DISK))
		return 0;
	if (ffs_check_image(m.img) != 0)
		return 1;
	snprintf(line, sizeof(line), "fsck_ffs -n -f -F %s", m.img);
	status = run_tool(line);
	if (status == -ENOENT)
		return 0;
	if (status != 0 || strstr(tool_said, "? no") != NULL) {
		printf("    %s: status %d\n%s\n", line, status, tool_said);
		return 1;
	}
	return 0;
}

/* --- processes --- */

static void
process_begin(struct mproc *mp)
{
	static const struct proxy_client_config config = { .pc_name = "case" };
	char why[256];

	memset(mp, 0, sizeof(*mp));
	if (m.remote) {
		CHECK_EQ(proxy_client_connect(
			     m.url, &config, why, sizeof(why), &mp->c),
		    0);
		return;
	}
	CHECK_EQ(proc_fork(m.k, NULL, RFCFDG, "case", &mp->p), 0);
	CHECK_EQ(lwp_create(mp->p, &mp->l), 0);
}

void
mproc_start(struct mproc *mp)
{
	struct mproc *before = me;

	process_begin(mp);
	me = mp;
	CHECK_EQ(x_chdir(m.dir), 0);
	me = before;
}

void
mproc_stop(struct mproc *mp)
{
	struct mproc *before = me;

	/* A server ends a process some time after its client; nothing of the case may be held till then. */
	if (mp->c != NULL) {
		me = mp;
		(void)x_chdir("/");
		me = before;
		proxy_client_close(mp->c);
	}
	if (mp->l != NULL)
		lwp_destroy(mp->l);
	if (mp->p != NULL)
		proc_exit(mp->p, NULL, 0);
	memset(mp, 0, sizeof(*mp));
}

struct mthread {
	struct mproc mp;
	void (*fn)(void *);
	void *arg;
	struct host_thread *t;
};

static void
thread_main(void *arg)
{
	struct mthread *t = arg;

	me = &t->mp;
	t->fn(t->arg);
}

void
m_threads(int n, void (*fn)(void *), void *arg, size_t size)
{
	static struct mthread t[16];
	int i;

	CHECK(n <= 16);
	for (i = 0; i < n; i++) {
		mproc_start(&t[i].mp);
		t[i].fn = fn;
		t[i].arg = (char *)arg + (size_t)i * size;
		CHECK_EQ(
		    host_thread_create("t", thread_main, &t[i], &t[i].t), 0);
	}
	for (i = 0; i < n; i++)
		host_thread_join(t[i].t);
	for (i = 0; i < n; i++)
		mproc_stop(&t[i].mp);
}

/* --- kernels and mounts --- */

long
m_mount(const char *on, int flags)
{
	struct tmpfs_args tmpfs = {
		.ta_version = 1, .ta_root_mode = 0755, .ta_size_max = 16 << 20
	};
	char dev[] = "/dk";
	struct ufs_args ufs = { .fspec = dev };
	struct hostfs_args hostfs = { .hostpath = m.host };

	if (m.fs->caps & CAP_DISK)
		return SYS(SYS___mount50, __mount50, P(const char *, "ffs"),
		    P(const char *, on), P(int, flags | m.fs->flags),
		    P(void *, &ufs), P(size_t, sizeof(ufs)));
	if (strcmp(m.fs->name, "hostfs") == 0)
		return SYS(SYS___mount50, __mount50, P(const char *, "hostfs"),
		    P(const char *, on), P(int, flags), P(void *, &hostfs),
		    P(size_t, sizeof(hostfs)));
	return SYS(SYS___mount50, __mount50, P(const char *, "tmpfs"),
	    P(const char *, on), P(int, flags), P(void *, &tmpfs),
	    P(size_t, sizeof(tmpfs)));
}

/* What is on it stays when it is unmounted. */
static bool
is_lasting(void)
{
	return has(CAP_DISK) || strcmp(m.fs->name, "hostfs") == 0;
}

static bool
is_mounted(void)
{
	return strcmp(m.fs->name, "rumpfs") != 0;
}

static void
console(void *ctx, const char *s, size_t n)
{
	(void)ctx;
	if (getenv("CHECK_CONSOLE") != NULL)
		fwrite(s, 1, n, stdout);
}

static void
kernel_up(void)
{
	struct kern_config config = { .kc_consout = console };
	struct statvfs sv;

	CHECK_EQ(kern_boot(&config, &m.k), 0);
	if (m.remote)
		CHECK_EQ(proxy_listen(m.k, m.url), 0);
	process_begin(&m.root);
	me = &m.root;
	if (m.fs->caps & CAP_DISK)
		CHECK_EQ(etfs_register(
			     m.k, "/dk", m.img, ETFS_BLK, 0, ETFS_SIZE_TOEND),
		    0);
	CHECK_EQ(x_mkdir(m.mnt, 0755), 0);
	if (is_mounted())
		CHECK_EQ(m_mount(m.mnt, 0), 0);
	CHECK_EQ(x_statvfs(m.mnt, &sv), 0);
	m.bsize = sv.f_bsize != 0 ? sv.f_bsize : 4096;
	m.frsize = sv.f_frsize != 0 ? sv.f_frsize : m.bsize;
}

/* lost: a case has failed, and may have left anything behind. */
static void
kernel_down(bool lost)
{
	int64_t leak = 0;

	me = &m.root;
	(void)x_chdir("/");
	if (is_mounted() && !lost)
		CHECK_EQ(x_unmount(m.mnt, 0), 0);
	mproc_stop(&m.root);
	proxy_stop(m.k);
	kern_halt(m.k, false, &leak);
	m.k = NULL;
	if (!lost)
		CHECK_EQ(leak, 0);
}

void
m_remount(void)
{
	CHECK_EQ(x_chdir("/"), 0);
	if (is_lasting()) {
		CHECK_EQ(x_unmount(m.mnt, 0), 0);
		CHECK_EQ(m_mount(m.mnt, 0), 0);
	}
	CHECK_EQ(x_chdir(m.dir), 0);
}

/* --- the loop --- */

static const struct mcase *current;

static void
space(struct statvfs *sv)
{
	x_sync();
	CHECK_EQ(x_statvfs(m.mnt, sv), 0);
}

static void
run_case(void)
{
	struct statvfs before, after;

	me = &m.root;
	space(&before);
	CHECK_EQ(x_mkdir(m.dir, 0755), 0);
	CHECK_EQ(x_chdir(m.dir), 0);
	current->fn();
	me = &m.root;
	CHECK_EQ(x_chdir("/"), 0);
	CHECK_EQ(m_remove(m.dir), 0);
	CHECK_EQ(x_rmdir(m.dir), 0);
	if (has(CAP_SPACE)) {
		space(&after);
		CHECK_EQ(after.f_bfree, before.f_bfree);
		CHECK_EQ(after.f_ffree, before.f_ffree);
	}
	if (getenv("MATRIX_EACH") != NULL && has(CAP_DISK)) {
		CHECK_EQ(x_unmount(m.mnt, 0), 0);
		CHECK_EQ(check_image(), 0);
		CHECK_EQ(m_mount(m.mnt, 0), 0);
	}
}

static void
run_readonly(void)
{
	me = &m.root;
	CHECK_EQ(x_chdir(m.dir), 0);
	current->fn();
	me = &m.root;
	CHECK_EQ(x_chdir("/"), 0);
}

static void
run_finish(void)
{
	kernel_down(false);
	CHECK_EQ(check_image(), 0);
}

static void
set_up(void)
{
	char host[64];
	char cmd[400];

	snprintf(host, sizeof(host), "/tmp/matrix.%d", host_getpid());
	snprintf(m.img, sizeof(m.img), "%s.img", host);
	snprintf(m.host, sizeof(m.host), "%s.d", host);
	snprintf(m.url, sizeof(m.url), "unix://%s.sock", host);
	snprintf(m.mnt, sizeof(m.mnt), "/mnt");
	snprintf(m.dir, sizeof(m.dir), "/mnt/t");
	if (m.fs->caps & CAP_DISK)
		make_image();
	if (strcmp(m.fs->name, "hostfs") == 0) {
		snprintf(
		    cmd, sizeof(cmd), "rm -rf %s && mkdir %s", m.host, m.host);
		CHECK_EQ(system(cmd), 0);
	}
	kernel_up();
}

static void
clean_up(void)
{
	char cmd[400];

	remove(m.img);
	if (strcmp(m.fs->name, "hostfs") == 0) {
		snprintf(cmd, sizeof(cmd), "rm -rf %s", m.host);
		(void)!system(cmd);
	}
}

/* check_run, but its "ok" lines only when asked for. */
static bool
quiet_run(const char *name, void (*fn)(void))
{
	const char *only = getenv("CHECK_ONLY");
	char full[256];

	snprintf(full, sizeof(full), "%s[%s, %s]", name, m.fs->name,
	    m.remote ? "socket" : "linked");
	if (only != NULL && fn == run_case && strstr(full, only) == NULL)
		return true;
	check_state.bad = false;
	check_state.in_test = true;
	if (setjmp(check_state.env) == 0)
		fn();
	check_state.in_test = false;
	if (!check_state.bad)
		check_state.passed++;
	else
		check_state.failed++;
	if (check_state.bad || getenv("MATRIX_VERBOSE") != NULL)
		printf("%s %s\n", check_state.bad ? "FAILED" : "ok    ", full);
	fflush(stdout);
	return !check_state.bad;
}

static void
start_again(void)
{
	kernel_down(true);
	clean_up();
	set_up();
}

/* The tree that the read-only cases look at. */
static void
run_populate(void)
{
	me = &m.root;
	CHECK_EQ(x_mkdir(m.dir, 0755), 0);
	CHECK_EQ(x_chdir(m.dir), 0);
	CHECK_EQ(x_mkdir("d", 0755), 0);
	m_fill("f", 1, 100000);
	m_fill("d/g", 2, 10);
	CHECK_EQ(x_symlink("f", "l"), 0);
	if (has(CAP_NODES))
		CHECK_EQ(x_mkfifo("p", 0644), 0);
	CHECK_EQ(x_chdir("/"), 0);
	CHECK_EQ(x_unmount(m.mnt, 0), 0);
	CHECK_EQ(m_mount(m.mnt, MNT_RDONLY), 0);
}

static void
run_filesystem(const struct mcase *cases, const struct mcase *readonly)
{
	bool ok;

	for (; cases->name != NULL; cases++) {
		if (!has(cases->needs))
			continue;
		current = cases;
		if (!quiet_run(cases->name, run_case))
			start_again();
	}
	if (readonly == NULL || !is_lasting()) {
		(void)quiet_run("vfs_after_all_is_clean", run_finish);
		return;
	}
	ok = quiet_run("vfs_readonly_mount_works", run_populate);
	for (; ok && readonly->name != NULL; readonly++) {
		current = readonly;
		if (has(readonly->needs))
			ok = quiet_run(readonly->name, run_readonly);
	}
	if (ok)
		(void)quiet_run("vfs_after_all_is_clean", run_finish);
	else
		kernel_down(true);
}

int
matrix_main(const struct mcase *cases, const struct mcase *readonly)
{
	const char *fs = getenv("MATRIX_FS"), *way = getenv("MATRIX_WAY");

	for (int remote = 0; remote < 2; remote++)
		for (size_t i = 0; i < NFS; i++) {
			int failed = check_state.failed;
			int64_t start = host_linux.monotonic();

			if (fs != NULL &&
			    strstr(filesystems[i].name, fs) == NULL)
				continue;
			if (way != NULL &&
			    (strcmp(way, "socket") == 0) != (remote != 0))
				continue;
			m.fs = &filesystems[i];
			m.remote = remote != 0;
			set_up();
			run_filesystem(cases, readonly);
			clean_up();
			printf("%-12s %s: %d failed, %d ms\n", m.fs->name,
			    remote ? "socket" : "linked",
			    check_state.failed - failed,
			    (int)((host_linux.monotonic() - start) / 1000000));
		}
	return check_done();
}
