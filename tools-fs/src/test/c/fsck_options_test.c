/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck's checks side by side, and options of fsck_ffs that show: -P, -U, -a, -x. */
#include "ffs_calls.h"
#include "lib/run_tool.h"
#include "tool/local.h"
#include <rumprun/tools_fs.h>

/* --- a checker that tells how many of it run ------------------------------------------------------------------------ */

static _Atomic int running, most, ran, same_disk, wanted;
static _Atomic int on_disk[10];

static int
fake_checker(struct tool *t, int argc, char **argv)
{
	const char *dev = argv[argc - 1];
	int disk = dev[strlen(dev) - 2] - '0', now, i;

	now = atomic_fetch_add(&running, 1) + 1;
	if (now > atomic_load(&most))
		atomic_store(&most, now);
	if (atomic_fetch_add(&on_disk[disk], 1) != 0)
		atomic_store(&same_disk, 1);
	t_printf(t, "%s: a line ", dev);
	t_flush(t->t_out);
	/* Until as many as are expected have met; they meet at once, or never. */
	for (i = 0; i < 500 && atomic_load(&most) < atomic_load(&wanted); i++)
		host_sleep_ns(10000000);
	t_printf(t, "of one\n%s: and more\n", dev);
	atomic_fetch_add(&ran, 1);
	atomic_fetch_sub(&on_disk[disk], 1);
	atomic_fetch_sub(&running, 1);
	return strcmp(dev, "/dev/rwd2a") == 0 ? 8 : 0;
}

static const struct tool_entry fake_tools[] = {
	{ "fsck_fake", fake_checker, 0 },
	{ NULL, NULL, 0 },
};
static const struct tool_group fake_group = { "fake", fake_tools };

static char said[16384];
static size_t said_len;
static bool terminal;
static int progress_calls;

static int
io_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
}

static int
io_write(void *ctx, int fd, const void *buf, size_t n)
{
	size_t part = n < sizeof(said) - 1 - said_len ?
	    n :
	    sizeof(said) - 1 - said_len;

	(void)ctx, (void)fd;
	memcpy(said + said_len, buf, part);
	said_len += part;
	said[said_len] = '\0';
	return (int)n;
}

static bool
io_isatty(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return terminal;
}

static int
io_columns(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return terminal ? 80 : 0;
}

static void
io_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	CHECK_THREAD(what != NULL && done <= total);
	progress_calls++;
}

static int
run_in(struct rump_kernel *k, const char *line)
{
	static const struct tool_group *const groups[] = { &fake_group,
		&rumprun_fs_tools, NULL };
	static const struct tool_io io = { .read = io_read,
		.write = io_write,
		.isatty = io_isatty,
		.columns = io_columns,
		.progress = io_progress };
	char words[256], *argv[16], *envp[] = { NULL };
	struct tool_run run = { .io = &io, .groups = groups, .envp = envp };
	const struct tool_entry *te;
	int argc = 0;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	said_len = 0;
	said[0] = '\0';
	te = rumprun_t_find(groups, argv[0]);
	CHECK(te != NULL);
	return tool_local_run(k, NULL, &run, te, argc, argv);
}

static void
kernel_up(struct fixture *f)
{
	struct kern_config c = { .kc_consout = console };

	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	(void)xmkdir(f, "/etc");
}

static void
put_file(struct fixture *f, const char *path, const char *text)
{
	long fd = xopen(f, path, O_RDWR | O_CREAT | O_TRUNC);

	CHECK(fd >= 0);
	CHECK_EQ(xwrite(f, fd, text, strlen(text)), strlen(text));
	CHECK_EQ(xclose(f, fd), 0);
}

static void
fresh(int expected)
{
	atomic_store(&most, 0);
	atomic_store(&ran, 0);
	atomic_store(&same_disk, 0);
	atomic_store(&wanted, expected);
}

static const char table[] = "/dev/rwd0a / fake rw 1 1\n"
			    "/dev/rwd0b /b fake rw 1 2\n"
			    "/dev/rwd1a /c fake rw 1 2\n"
			    "/dev/rwd0c /d fake rw 1 3\n"
			    "/dev/rwd2a /e fake rw 1 2\n"
			    "/dev/rwd1b /f fake rw 1 0\n";

TEST(fsck_checks_disks_side_by_side)
{
	struct fixture f;

	kernel_up(&f);
	put_file(&f, "/etc/fstab", table);
	fresh(3);
	/* The root alone comes first: it must not wait for others. */
	atomic_store(&wanted, 0);
	CHECK_EQ(run_in(f.k, "fsck -p -l 1"), 8);
	CHECK_EQ(atomic_load(&most), 1);
	CHECK_EQ(atomic_load(&ran), 5);
	CHECK(strstr(said, "/dev/rwd0c: a line of one\n") != NULL);
	CHECK(strstr(said,
		  "THE FOLLOWING FILE SYSTEM HAD AN UNEXPECTED "
		  "INCONSISTENCY:\n\tfake: /dev/rwd2a (/e)\n") != NULL);

	put_file(&f, "/etc/fstab", table + strlen("/dev/rwd0a / fake rw 1 1\n"));
	fresh(3);
	CHECK_EQ(run_in(f.k, "fsck -p"), 8);
	CHECK_EQ(atomic_load(&most), 3);
	CHECK_EQ(atomic_load(&ran), 4);
	CHECK_EQ(atomic_load(&same_disk), 0);
	/* Lines are whole, whoever else prints. */
	CHECK(strstr(said, "/dev/rwd0b: a line of one\n") != NULL);
	CHECK(strstr(said, "/dev/rwd1a: a line of one\n") != NULL);
	CHECK(strstr(said, "/dev/rwd2a: a line of one\n") != NULL);

	fresh(2);
	CHECK_EQ(run_in(f.k, "fsck -v -p -l 2"), 8);
	CHECK_EQ(atomic_load(&most), 2);
	CHECK(strstr(said, "start /b nowait fsck_fake -p /dev/rwd0b\n") != NULL);

	/* A meter wants the terminal for itself; without -p questions do. */
	fresh(0);
	CHECK_EQ(run_in(f.k, "fsck -p -P"), 8);
	CHECK_EQ(atomic_load(&most), 1);
	CHECK_EQ(run_in(f.k, "fsck -y -x /c"), 8);
	CHECK_EQ(atomic_load(&most), 1);
	CHECK_EQ(atomic_load(&ran), 4 + 3);
	CHECK(strstr(said, "rwd1a") == NULL);
	down(&f);
}

TEST(fsck_ffs_meter_on_a_terminal)
{
	struct fixture f;
	char line[200];

	snprintf(f.img, sizeof(f.img), "/tmp/fsck-opt-%d.img", host_getpid());
	snprintf(line, sizeof(line), "newfs -F -s 4m %s", f.img);
	CHECK_EQ(run_tool(line), 0);
	kernel_up(&f);
	progress_calls = 0;
	snprintf(line, sizeof(line), "fsck_ffs -fnP %s", f.img);
	CHECK_EQ(run_in(f.k, line), 0);
	CHECK(strchr(said, '|') == NULL);
	CHECK(progress_calls > 0);
	terminal = true;
	CHECK_EQ(run_in(f.k, line), 0);
	CHECK(strstr(said, "phase 1 100% |****") != NULL);
	CHECK(strstr(said, "phase 5 100% |****") != NULL);
	snprintf(line, sizeof(line), "fsck_ffs -fpP %s", f.img);
	CHECK_EQ(run_in(f.k, line), 0);
	CHECK(strstr(said, " 20% |********") != NULL);
	CHECK(strstr(said, "100% |*****") != NULL);
	CHECK(strstr(said, "phase") == NULL);
	snprintf(line, sizeof(line), "fsck_ffs -dfnP %s", f.img);
	CHECK_EQ(run_in(f.k, line), 0);
	CHECK(strchr(said, '|') == NULL);
	terminal = false;
	down(&f);
	remove(f.img);
}

/* An owner's name where -U asks for it, and files that nobody names. */
TEST(fsck_ffs_names_of_owners)
{
	struct fixture f;
	char line[200];
	long fd;

	snprintf(f.img, sizeof(f.img), "/tmp/fsck-opt-%d.img", host_getpid());
	snprintf(line, sizeof(line), "newfs -F -s 4m %s", f.img);
	CHECK_EQ(run_tool(line), 0);
	up(&f);
	CHECK_EQ(xmount(&f, 0), 0);
	fd = xopen(&f, "/mnt/gone", O_RDWR | O_CREAT);
	CHECK(fd >= 0);
	CHECK_EQ(xwrite(&f, fd, "x", 1), 1);
	CHECK_EQ(
	    SYS(&f, SYS_fchown, fchown, P(int, fd), P(uid_t, 77), P(gid_t, 0)),
	    0);
	CHECK_EQ(xunlink(&f, "/mnt/gone"), 0);
	CHECK_EQ(xfsync(&f, fd), 0);
	(void)xmkdir(&f, "/etc");
	put_file(&f, "/etc/passwd", "walrus:*:77:77::/:/sbin/nologin\n");
	snprintf(line, sizeof(line), "fsck_ffs -fnX /dk");
	CHECK_EQ(run_in(f.k, line), 2);
	CHECK(strstr(said,
		  "fsck_ffs: can't take snapshot of /dk: No such "
		  "file or directory\n") != NULL);
	CHECK(strstr(said, "OWNER=77 ") != NULL);
	snprintf(line, sizeof(line), "fsck_ffs -fnU /dk");
	CHECK_EQ(run_in(f.k, line), 2);
	CHECK(strstr(said, "OWNER=walrus ") != NULL);
	CHECK(strstr(said, "snapshot") == NULL);
	snprintf(line, sizeof(line), "fsck_ffs -fX /dk");
	(void)run_in(f.k, line);
	CHECK(
	    strstr(said, "fsck_ffs: Cannot use -x or -X without -n\n") != NULL);
	CHECK_EQ(xclose(&f, fd), 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	remove(f.img);
}

/* Apple's directories without the label that tells of them. */
TEST(fsck_ffs_apple_without_a_label)
{
	char line[200], img[100];
	FILE *fp;

	snprintf(img, sizeof(img), "/tmp/fsck-opt-%d.img", host_getpid());
	snprintf(line, sizeof(line), "newfs -F -s 4m -O 1 -v NAME %s", img);
	CHECK_EQ(run_tool(line), 0);
	fp = fopen(img, "r+b");
	CHECK(fp != NULL && fseek(fp, 7168, SEEK_SET) == 0);
	CHECK_EQ(fwrite("\0\0\0\0", 1, 4, fp), 4);
	fclose(fp);
	snprintf(line, sizeof(line), "fsck_ffs -dfna %s", img);
	CHECK_EQ(run_tool(line), 0);
	CHECK(strstr(tool_said, "isappleufs = 1, dirblksiz = 1024\n") != NULL);
	snprintf(line, sizeof(line), "fsck_ffs -dfn %s", img);
	(void)run_tool(line);
	CHECK(strstr(tool_said, "isappleufs = 0, dirblksiz = 512\n") != NULL);
	remove(img);
}

int
main(void)
{
	RUN(fsck_checks_disks_side_by_side);
	RUN(fsck_ffs_meter_on_a_terminal);
	RUN(fsck_ffs_names_of_owners);
	RUN(fsck_ffs_apple_without_a_label);
	return check_done();
}
