/* SPDX-License-Identifier: BSD-2-Clause */
/* The matrix, attributes: modes, owners, permissions, flags, times, locks, nodes, mounts. */
#include "lib/matrix.h"

static struct mproc user;

/* From here on the calls are those of a process with these ids, in the case's directory. */
static void
become(long uid, long gid)
{
	mproc_start(&user);
	me = &user;
	CHECK_EQ(x_setids(uid, gid), 0);
}

static void
be_root(void)
{
	mproc_stop(&user);
	me = &m.root;
}

/* --- modes and owners --- */

CASE(vfs_modes_are_kept_and_masked)
{
	struct stat st;

	CHECK_EQ(x_umask(027), 022);
	CHECK_EQ(x_close(x_open("f", O_RDWR | O_CREAT, 0666)), 0);
	CHECK_EQ(x_mkdir("d", 0777), 0);
	CHECK_EQ(x_umask(022), 027);
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0640);
	CHECK_EQ(x_stat("d", &st), 0);
	CHECK_EQ(st.st_mode, S_IFDIR | 0750);
	for (mode_t mode = 0; mode < 010000; mode += 0133) {
		CHECK_EQ(x_chmod("f", mode), 0);
		CHECK_EQ(x_stat("f", &st), 0);
		CHECK_EQ(st.st_mode, S_IFREG | mode);
	}
	m_remount();
	CHECK_EQ(x_chmod("f", 04711), 0);
	CHECK_EQ(x_symlink("f", "l"), 0);
	CHECK_EQ(x_chmod("l", 0600), 0);
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0600);
	CHECK_EQ(x_chmod("none", 0600), -ENOENT);
}

CASE(vfs_owners_are_kept)
{
	struct stat st;

	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_chown("f", 12, 34), 0);
	CHECK_EQ(x_chown("f", -1, 56), 0);
	CHECK_EQ(x_chown("f", 78, -1), 0);
	CHECK_EQ(x_symlink("f", "l"), 0);
	CHECK_EQ(x_lchown("l", 1, 2), 0);
	m_remount();
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_uid, 78);
	CHECK_EQ(st.st_gid, 56);
	CHECK_EQ(x_lstat("l", &st), 0);
	CHECK_EQ(st.st_uid, 1);
	CHECK_EQ(st.st_gid, 2);
	/* large ids */
	CHECK_EQ(x_chown("f", 0x7fffffff, 70000), 0);
	m_remount();
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_uid, 0x7fffffff);
	CHECK_EQ(st.st_gid, 70000);
}

CASE(vfs_new_files_have_the_directorys_group)
{
	struct stat st;

	CHECK_EQ(x_mkdir("d", 0777), 0);
	CHECK_EQ(x_chown("d", 0, 77), 0);
	CHECK_EQ(x_chmod("d", 0777), 0);
	become(100, 200);
	CHECK_EQ(m_touch("d/f"), 0);
	CHECK_EQ(x_mkdir("d/e", 0755), 0);
	CHECK_EQ(x_stat("d/f", &st), 0);
	CHECK_EQ(st.st_uid, 100);
	CHECK_EQ(st.st_gid, 77);
	CHECK_EQ(x_stat("d/e", &st), 0);
	CHECK_EQ(st.st_gid, 77);
	be_root();
}

CASE(vfs_permissions_of_owner_group_others_hold)
{
	static const struct {
		long uid, gid;
		int shift;
	} who[] = { { 100, 1, 6 }, { 101, 200, 3 }, { 101, 1, 0 } };
	char path[16];

	for (int bits = 0; bits < 8; bits++) {
		snprintf(path, sizeof(path), "f%d", bits);
		CHECK_EQ(m_touch(path), 0);
		CHECK_EQ(x_chown(path, 100, 200), 0);
	}
	for (int i = 0; i < 3; i++) {
		for (int bits = 0; bits < 8; bits++) {
			/* the others' bits say the contrary */
			snprintf(path, sizeof(path), "f%d", bits);
			CHECK_EQ(x_chmod(path,
				     (mode_t)((0777 & ~(7 << who[i].shift)) |
					 bits << who[i].shift)),
			    0);
		}
		become(who[i].uid, who[i].gid);
		for (int bits = 0; bits < 8; bits++) {
			long fd;

			snprintf(path, sizeof(path), "f%d", bits);
			fd = x_open(path, O_RDONLY, 0);
			CHECK_EQ(fd < 0 ? fd : 0, bits & 4 ? 0 : -EACCES);
			if (fd >= 0)
				(void)x_close(fd);
			fd = x_open(path, O_WRONLY, 0);
			CHECK_EQ(fd < 0 ? fd : 0, bits & 2 ? 0 : -EACCES);
			if (fd >= 0)
				(void)x_close(fd);
			CHECK_EQ(x_access(path, 1), bits & 1 ? 0 : -EACCES);
			CHECK_EQ(x_truncate(path, 0), bits & 2 ? 0 : -EACCES);
		}
		be_root();
	}
	CHECK_EQ(x_chmod("f0", 0), 0);
	CHECK_EQ(x_close(x_open("f0", O_RDWR, 0)), 0);
	CHECK_EQ(x_access("f0", 1), -EACCES);
}

CASE(vfs_directories_need_search_and_write)
{
	struct stat st;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(m_touch("d/f"), 0);
	CHECK_EQ(x_chown("d/f", 100, 100), 0);
	CHECK_EQ(x_chown("d", 50, 50), 0);
	become(100, 100);
	CHECK_EQ(m_touch("d/g"), -EACCES);
	CHECK_EQ(x_unlink("d/f"), -EACCES);
	CHECK_EQ(x_mkdir("d/e", 0755), -EACCES);
	CHECK_EQ(x_symlink("a", "d/l"), -EACCES);
	if (has(CAP_LINK))
		CHECK_EQ(x_link("d/f", "d/h"), -EACCES);
	if (has(CAP_RENAME))
		CHECK_EQ(x_rename("d/f", "d/h"), -EACCES);
	CHECK_EQ(m_touch("d/f"), 0);
	be_root();
	CHECK_EQ(x_chmod("d", 0744), 0);
	become(100, 100);
	CHECK_EQ(x_stat("d/f", &st), -EACCES);
	CHECK_EQ(x_chdir("d"), -EACCES);
	CHECK_EQ(m_count("d"), 1);
	be_root();
	CHECK_EQ(x_chmod("d", 0711), 0);
	become(100, 100);
	CHECK_EQ(x_stat("d/f", &st), 0);
	CHECK_EQ(x_open("d", O_RDONLY, 0), -EACCES);
	be_root();
	CHECK_EQ(x_chmod("d", 0777), 0);
	become(101, 101);
	CHECK_EQ(x_unlink("d/f"), 0);
	be_root();
}

CASE(vfs_sticky_directories_protect_others_files)
{
	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(x_chmod("d", 01777), 0);
	become(100, 100);
	CHECK_EQ(m_touch("d/mine"), 0);
	be_root();
	become(101, 101);
	CHECK_EQ(m_touch("d/his"), 0);
	CHECK_EQ(x_unlink("d/mine"), -EPERM);
	if (has(CAP_RENAME)) {
		CHECK_EQ(x_rename("d/mine", "d/x"), -EPERM);
		CHECK_EQ(x_rename("d/his", "d/mine"), -EPERM);
	}
	CHECK_EQ(x_unlink("d/his"), 0);
	be_root();
	CHECK_EQ(x_chown("d", 101, 101), 0);
	become(101, 101);
	CHECK_EQ(x_unlink("d/mine"), 0);
	be_root();
}

CASE(vfs_changes_need_the_owner)
{
	struct timespec ts[2] = { { 1, 0 }, { 2, 0 } };
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };

	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_chown("f", 100, 100), 0);
	CHECK_EQ(x_chmod("f", 0646), 0);
	become(101, 101);
	CHECK_EQ(x_chmod("f", 0777), -EPERM);
	CHECK_EQ(x_chown("f", 101, -1), -EPERM);
	CHECK_EQ(x_chown("f", -1, 101), -EPERM);
	CHECK_EQ(x_utimens("f", ts, 0), -EPERM);
	CHECK_EQ(x_utimens("f", NULL, 0), 0);
	if (has(CAP_FLAGS))
		CHECK_EQ(x_chflags("f", UF_NODUMP), -EPERM);
	be_root();
	CHECK_EQ(x_chmod("f", 0644), 0);
	become(101, 101);
	CHECK_EQ(x_utimens("f", now, 0) == 0, 0);
	be_root();
	become(100, 100);
	CHECK_EQ(x_chmod("f", 0600), 0);
	CHECK_EQ(x_chown("f", 101, -1), -EPERM);
	CHECK_EQ(x_chown("f", -1, 300), -EPERM);
	CHECK_EQ(x_chown("f", -1, 100), 0);
	CHECK_EQ(x_utimens("f", ts, 0), 0);
	CHECK_EQ(x_chmod("f", 01600), -EFTYPE);
	be_root();
}

CASE(vfs_set_id_bits_go_when_others_write)
{
	struct stat st;
	long fd;

	m_fill("f", 1, 10);
	CHECK_EQ(x_chown("f", 100, 100), 0);
	CHECK_EQ(x_chmod("f", 06777), 0);
	become(101, 101);
	fd = x_open("f", O_WRONLY, 0);
	CHECK_EQ(x_write(fd, "x", 1), 1);
	CHECK_EQ(x_close(fd), 0);
	be_root();
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_mode & 06000, 0);
	CHECK_EQ(x_chmod("f", 06755), 0);
	fd = x_open("f", O_WRONLY, 0);
	CHECK_EQ(x_write(fd, "x", 1), 1);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_mode & 06000, 06000);
}

/* --- flags --- */

CASE(vfs_immutable_and_append_flags_hold)
{
	long fd;

	m_fill("f", 1, 10);
	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(m_touch("d/f"), 0);
	CHECK_EQ(x_chflags("f", UF_IMMUTABLE), 0);
	CHECK_EQ(x_chflags("d", UF_IMMUTABLE), 0);
	m_remount();
	CHECK_EQ(x_open("f", O_WRONLY, 0), -EPERM);
	CHECK_EQ(x_truncate("f", 0), -EPERM);
	CHECK_EQ(x_unlink("f"), -EPERM);
	CHECK_EQ(x_rename("f", "g"), -EPERM);
	CHECK_EQ(x_link("f", "g"), -EPERM);
	CHECK_EQ(x_chmod("f", 0), -EPERM);
	CHECK_EQ(x_chown("f", 1, 1), -EPERM);
	CHECK_EQ(m_touch("d/g"), -EPERM);
	CHECK_EQ(x_unlink("d/f"), -EPERM);
	CHECK_EQ(x_rmdir("d"), -EPERM);
	CHECK(m_filled("f", 1, 10));
	CHECK_EQ(x_chflags("d", 0), 0);
	CHECK_EQ(x_chflags("f", UF_APPEND), 0);
	CHECK_EQ(x_open("f", O_WRONLY, 0), -EPERM);
	CHECK_EQ(x_open("f", O_WRONLY | O_APPEND | O_TRUNC, 0), -EPERM);
	CHECK_EQ(x_unlink("f"), -EPERM);
	fd = x_open("f", O_WRONLY | O_APPEND, 0);
	CHECK_EQ(x_write(fd, "x", 1), 1);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(m_size("f"), 11);
	CHECK_EQ(x_chflags("f", 0), 0);
	CHECK_EQ(x_unlink("f"), 0);
}

CASE(vfs_system_flags_obey_the_securelevel)
{
	struct stat st;

	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_chown("f", 100, 100), 0);
	become(100, 100);
	CHECK_EQ(x_chflags("f", SF_IMMUTABLE), -EPERM);
	CHECK_EQ(x_chflags("f", UF_NODUMP), 0);
	be_root();
	CHECK_EQ(x_chflags("f", SF_IMMUTABLE | UF_NODUMP), 0);
	become(100, 100);
	CHECK_EQ(x_chflags("f", 0), -EPERM);
	be_root();
	m.k->k_securelevel = 1;
	CHECK_EQ(x_chflags("f", 0), -EPERM);
	m.k->k_securelevel = 0;
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_flags, SF_IMMUTABLE | UF_NODUMP);
	CHECK_EQ(x_chflags("f", 0), 0);
}

/* --- times --- */

CASE(vfs_times_are_kept_to_the_nanosecond)
{
	struct timespec ts[2] = { { 1000000000, 999999999 },
		{ INT64_C(1700000000), 123456789 } };
	struct timespec omit[2] = { { 5, UTIME_OMIT }, { 7, 8 } };
	struct stat st;

	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_utimens("f", ts, 0), 0);
	m_remount();
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_atim.tv_sec, 1000000000);
	CHECK_EQ(st.st_atim.tv_nsec, 999999999);
	CHECK_EQ(st.st_mtim.tv_sec, 1700000000);
	CHECK_EQ(st.st_mtim.tv_nsec, 123456789);
	CHECK_EQ(x_utimens("f", omit, 0), 0);
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_atim.tv_sec, 1000000000);
	CHECK_EQ(st.st_mtim.tv_sec, 7);
	CHECK_EQ(st.st_mtim.tv_nsec, 8);
	CHECK_EQ(x_symlink("f", "l"), 0);
	CHECK_EQ(x_utimens("l", ts, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_EQ(x_lstat("l", &st), 0);
	CHECK_EQ(st.st_mtim.tv_sec, 1700000000);
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_mtim.tv_sec, 7);
	CHECK_EQ(x_utimens("none", ts, 0), -ENOENT);
}

static const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };

static bool
changed(const char *path, bool mtime)
{
	struct stat st;

	CHECK_EQ(x_lstat(path, &st), 0);
	return mtime ? st.st_mtim.tv_sec != 1000 :
		       st.st_ctim.tv_sec > 1500000000;
}

CASE(vfs_changes_are_seen_in_the_times)
{
	long fd;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_utimens("f", old, 0), 0);
	CHECK(changed("f", false));
	CHECK(!changed("f", true));
	fd = x_open("f", O_WRONLY, 0);
	CHECK_EQ(x_write(fd, "x", 1), 1);
	CHECK(changed("f", true));
	CHECK_EQ(x_utimens("f", old, 0), 0);
	CHECK_EQ(x_ftruncate(fd, 0), 0);
	CHECK(changed("f", true));
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_utimens("f", old, 0), 0);
	CHECK_EQ(x_chmod("f", 0600), 0);
	CHECK(!changed("f", true));
	CHECK_EQ(x_utimens("d", old, 0), 0);
	CHECK_EQ(m_touch("d/g"), 0);
	CHECK(changed("d", true));
	CHECK_EQ(x_utimens("d", old, 0), 0);
	CHECK_EQ(x_unlink("d/g"), 0);
	CHECK(changed("d", true));
	CHECK_EQ(x_utimens("d", old, 0), 0);
	CHECK_EQ(x_mkdir("d/e", 0755), 0);
	CHECK(changed("d", true));
}

CASE(vfs_reading_is_seen_in_the_access_time)
{
	struct stat st;
	char c;
	long fd;

	m_fill("f", 1, 10);
	CHECK_EQ(x_utimens("f", old, 0), 0);
	fd = x_open("f", O_RDONLY, 0);
	CHECK_EQ(x_fstat(fd, &st), 0);
	CHECK_EQ(st.st_atim.tv_sec, 1000);
	CHECK_EQ(x_read(fd, &c, 1), 1);
	CHECK_EQ(x_fstat(fd, &st), 0);
	CHECK(st.st_atim.tv_sec > 1500000000);
	CHECK_EQ(st.st_mtim.tv_sec, 1000);
	CHECK_EQ(x_close(fd), 0);
}

/* --- locks --- */

static void
lock_thread(void *arg)
{
	long fd = x_open("f", O_RDWR, 0);

	*(long *)arg = x_setlk(fd, F_SETLKW, F_WRLCK, 0, 5);
	(void)x_close(fd);
}

static void
unlock_later(void *arg)
{
	(void)arg;
	host_sleep_ns(20000000);
}

CASE(vfs_record_locks_conflict_between_processes)
{
	struct flock fl = { .l_start = 0, .l_len = 0, .l_type = F_WRLCK };
	struct mproc other;
	long fd, gd;

	fd = x_open("f", O_RDWR | O_CREAT, 0644);
	mproc_start(&other);
	me = &other;
	gd = x_open("f", O_RDWR, 0);
	me = &m.root;
	CHECK_EQ(x_setlk(fd, F_SETLK, F_WRLCK, 10, 10), 0);
	CHECK_EQ(x_setlk(fd, F_SETLK, F_RDLCK, 30, 10), 0);
	me = &other;
	CHECK_EQ(x_setlk(gd, F_SETLK, F_WRLCK, 0, 10), 0);
	CHECK_EQ(x_setlk(gd, F_SETLK, F_RDLCK, 0, 11), -EAGAIN);
	CHECK_EQ(x_setlk(gd, F_SETLK, F_RDLCK, 30, 5), 0);
	CHECK_EQ(x_setlk(gd, F_SETLK, F_WRLCK, 30, 5), -EAGAIN);
	fl.l_start = 15;
	CHECK_EQ(
	    SYS(SYS_fcntl, fcntl, P(int, gd), P(int, F_GETLK), P(void *, &fl)),
	    0);
	CHECK_EQ(fl.l_type, F_WRLCK);
	CHECK_EQ(fl.l_start, 10);
	CHECK_EQ(fl.l_len, 10);
	me = &m.root;
	CHECK_EQ(x_setlk(fd, F_SETLK, F_UNLCK, 12, 2), 0);
	me = &other;
	CHECK_EQ(x_setlk(gd, F_SETLK, F_WRLCK, 12, 2), 0);
	me = &m.root;
	CHECK_EQ(x_close(x_open("f", O_RDONLY, 0)), 0);
	me = &other;
	CHECK_EQ(x_setlk(gd, F_SETLK, F_WRLCK, 0, 0), 0);
	me = &m.root;
	CHECK_EQ(SYS(SYS_flock, flock, P(int, fd), P(int, LOCK_EX | LOCK_NB)),
	    -EAGAIN);
	me = &other;
	CHECK_EQ(x_close(gd), 0);
	mproc_stop(&other);
	me = &m.root;
	CHECK_EQ(x_setlk(fd, F_SETLKW, F_WRLCK, 0, 0), 0);
	CHECK_EQ(x_close(fd), 0);
}

CASE(vfs_waiting_lockers_get_their_turn)
{
	long results[4] = { 1, 1, 1, 1 };

	CHECK_EQ(m_touch("f"), 0);
	m_threads(4, lock_thread, results, sizeof(results[0]));
	m_threads(1, unlock_later, NULL, 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(results[i], 0);
}

/* --- nodes --- */

static void
fifo_writer(void *arg)
{
	long fd = x_open("p", O_WRONLY, 0);

	(void)arg;
	CHECK_THREAD(fd >= 0);
	CHECK_THREAD(x_write(fd, "through", 7) == 7);
	CHECK_THREAD(x_close(fd) == 0);
}

static void
fifo_both(void *arg)
{
	char buf[16];
	long fd, n, total = 0;

	if (*(int *)arg == 0) {
		fifo_writer(arg);
		return;
	}
	fd = x_open("p", O_RDONLY, 0);
	CHECK_THREAD(fd >= 0);
	while ((n = x_read(fd, buf + total, sizeof(buf) - (size_t)total)) > 0)
		total += n;
	CHECK_THREAD(n == 0 && total == 7 && memcmp(buf, "through", 7) == 0);
	CHECK_THREAD(x_close(fd) == 0);
}

CASE(vfs_fifos_carry_bytes)
{
	int ids[2] = { 0, 1 };
	struct stat st;
	char buf[4];
	long fd;

	CHECK_EQ(x_mkfifo("p", 0640), 0);
	CHECK_EQ(x_mkfifo("p", 0640), -EEXIST);
	CHECK_EQ(x_lstat("p", &st), 0);
	CHECK_EQ(st.st_mode, S_IFIFO | 0640);
	CHECK_EQ(x_open("p", O_WRONLY | O_NONBLOCK, 0), -ENXIO);
	fd = x_open("p", O_RDONLY | O_NONBLOCK, 0);
	CHECK(fd >= 0);
	CHECK_EQ(x_read(fd, buf, 4), 0);
	CHECK_EQ(x_close(fd), 0);
	m_threads(2, fifo_both, ids, sizeof(ids[0]));
	m_remount();
	CHECK_EQ(x_lstat("p", &st), 0);
	CHECK(S_ISFIFO(st.st_mode));
}

CASE(vfs_special_files_reach_their_device)
{
	struct stat st, null;
	char buf[4];
	long fd;

	CHECK_EQ(x_stat("/dev/null", &null), 0);
	CHECK_EQ(x_mknod("n", S_IFCHR | 0666, null.st_rdev), 0);
	CHECK_EQ(x_mknod("n", S_IFCHR | 0666, null.st_rdev), -EEXIST);
	CHECK_EQ(x_mknod("b", S_IFBLK | 0600, 0x7f07f), 0);
	m_remount();
	CHECK_EQ(x_stat("n", &st), 0);
	CHECK_EQ(st.st_rdev, null.st_rdev);
	CHECK_EQ(x_stat("b", &st), 0);
	CHECK_EQ(st.st_rdev, 0x7f07f);
	CHECK(S_ISBLK(st.st_mode));
	fd = x_open("n", O_RDWR, 0);
	CHECK(fd >= 0);
	CHECK_EQ(x_write(fd, "abc", 3), 3);
	CHECK_EQ(x_read(fd, buf, 4), 0);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_open("b", O_RDONLY, 0), -ENXIO);
	become(100, 100);
	CHECK_EQ(x_mknod("m", S_IFCHR | 0666, null.st_rdev), -EPERM);
	be_root();
}

CASE(vfs_pathconf_tells_limits)
{
	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_pathconf(".", _PC_NAME_MAX), 255);
	CHECK_EQ(x_pathconf(".", _PC_PATH_MAX), 1024);
	CHECK_EQ(x_pathconf("f", _PC_PIPE_BUF) > 0, 1);
	CHECK_EQ(x_pathconf("f", _PC_CHOWN_RESTRICTED), 1);
	CHECK_EQ(x_pathconf("f", _PC_NO_TRUNC), 1);
	CHECK(x_pathconf("f", _PC_LINK_MAX) >= 32767);
	CHECK_EQ(x_pathconf("f", 9999), -EINVAL);
	CHECK_EQ(x_pathconf("none", _PC_NAME_MAX), -ENOENT);
}

CASE(vfs_handles_find_their_files)
{
	char fh[128];
	size_t size = sizeof(fh);
	struct stat a, b;

	m_fill("f", 1, 10);
	CHECK_EQ(x_stat("f", &a), 0);
	CHECK_EQ(SYS(SYS___getfh30, __getfh30, P(const char *, "f"),
		     P(void *, fh), P(size_t *, &size)),
	    0);
	m_remount();
	CHECK_EQ(SYS(SYS___fhstat50, __fhstat50, P(const void *, fh),
		     P(size_t, size), P(struct stat *, &b)),
	    0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(x_unlink("f"), 0);
	CHECK_EQ(SYS(SYS___fhstat50, __fhstat50, P(const void *, fh),
		     P(size_t, size), P(struct stat *, &b)),
	    -ESTALE);
}

/* --- mounts --- */

CASE(vfs_mounts_nest_and_hide)
{
	long fd;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	m_fill("d/below", 1, 5);
	CHECK_EQ(SYS(SYS___mount50, __mount50, P(const char *, "tmpfs"),
		     P(const char *, "/mnt/t/d"), P(int, 0),
		     P(void *,
			 &((struct tmpfs_args){
			     .ta_version = 1, .ta_root_mode = 0755 })),
		     P(size_t, sizeof(struct tmpfs_args))),
	    0);
	CHECK_EQ(m_size("d/below"), -ENOENT);
	CHECK_EQ(m_touch("d/above"), 0);
	CHECK_EQ(x_rmdir("d"), -EBUSY);
	CHECK_EQ(x_link("d/above", "x"), -EXDEV);
	CHECK_EQ(x_rename("d/above", "x"), -EXDEV);
	CHECK_EQ(x_rename("d", "e"), -EBUSY);
	CHECK_EQ(x_unmount(m.mnt, 0), -EBUSY);
	fd = x_open("d/above", O_RDWR, 0);
	CHECK_EQ(x_unmount("/mnt/t/d", 0), -EBUSY);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_unmount("/mnt/t/d", 0), 0);
	CHECK(m_filled("d/below", 1, 5));
}

CASE(vfs_forced_unmount_leaves_dead_files)
{
	struct stat st;
	char c;
	long fd;

	m_fill("f", 1, 10000);
	fd = x_open("f", O_RDWR, 0);
	CHECK_EQ(x_unmount(m.mnt, 0), -EBUSY);
	CHECK_EQ(x_unmount(m.mnt, MNT_FORCE), 0);
	CHECK(x_pread(fd, &c, 1, 0) < 0);
	CHECK(x_pwrite(fd, &c, 1, 0) < 0);
	CHECK(x_fstat(fd, &st) < 0);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(m_touch("g"), -ENOENT);
	CHECK_EQ(x_chdir("/"), 0);
	CHECK_EQ(m_mount(m.mnt, 0), 0);
	CHECK_EQ(x_chdir(m.dir), 0);
	CHECK(m_filled("f", 1, 10000));
}

CASE(vfs_update_mounts_change_options)
{
	struct statvfs sv;
	struct stat st;
	char c;
	long fd;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	m_fill("f", 1, 10);
	CHECK_EQ(x_chmod("f", 04755), 0);
	CHECK_EQ(m_mount(m.mnt, MNT_UPDATE | MNT_NOATIME | MNT_NODEV), 0);
	CHECK_EQ(x_statvfs(".", &sv), 0);
	CHECK_EQ(sv.f_flag & (MNT_NOATIME | MNT_NODEV), MNT_NOATIME | MNT_NODEV);
	CHECK_EQ(x_utimens("f", old, 0), 0);
	fd = x_open("f", O_RDONLY, 0);
	CHECK_EQ(x_read(fd, &c, 1), 1);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_stat("f", &st), 0);
	CHECK_EQ(st.st_atim.tv_sec, 1000);
	CHECK_EQ(x_mknod("n", S_IFCHR | 0666, 0x0202), 0);
	CHECK_EQ(x_open("n", O_RDWR, 0), -ENXIO);
	CHECK_EQ(m_mount(m.mnt, MNT_UPDATE), 0);
	CHECK_EQ(x_statvfs(".", &sv), 0);
	CHECK_EQ(sv.f_flag & (MNT_NOATIME | MNT_NODEV), 0);
	CHECK_EQ(m_mount(m.mnt, 0), -EBUSY);
}

CASE(vfs_users_may_not_mount)
{
	CHECK_EQ(x_mkdir("d", 0777), 0);
	become(100, 100);
	CHECK_EQ(SYS(SYS___mount50, __mount50, P(const char *, "tmpfs"),
		     P(const char *, "/mnt/t/d"), P(int, 0), P(void *, NULL),
		     P(size_t, 0)) < 0,
	    1);
	CHECK_EQ(x_unmount(m.mnt, 0), -EPERM);
	be_root();
}

/* --- read-only --- */

CASE(vfs_readonly_attributes_do_not_change)
{
	struct timespec ts[2] = { { 1, 0 }, { 2, 0 } };
	struct stat before, after;
	struct statvfs sv;

	CHECK_EQ(x_statvfs(".", &sv), 0);
	CHECK((sv.f_flag & ST_RDONLY) != 0);
	CHECK_EQ(x_stat("f", &before), 0);
	CHECK_EQ(x_chmod("f", 0), -EROFS);
	CHECK_EQ(x_chown("f", 1, 1), -EROFS);
	CHECK_EQ(x_utimens("f", ts, 0), -EROFS);
	CHECK_EQ(x_chflags("f", UF_NODUMP), -EROFS);
	CHECK(m_filled("f", 1, 100000));
	CHECK_EQ(x_stat("f", &after), 0);
	if (has(CAP_DISK)) {
		CHECK_EQ(before.st_atim.tv_sec, after.st_atim.tv_sec);
		CHECK_EQ(before.st_atim.tv_nsec, after.st_atim.tv_nsec);
	}
	CHECK_EQ(before.st_mode, after.st_mode);
}

static const struct mcase cases[] = { { C(vfs_modes_are_kept_and_masked), 0 },
	{ C(vfs_owners_are_kept), CAP_OWNER },
	{ C(vfs_new_files_have_the_directorys_group), CAP_OWNER },
	{ C(vfs_permissions_of_owner_group_others_hold), CAP_OWNER },
	{ C(vfs_directories_need_search_and_write), CAP_OWNER },
	{ C(vfs_sticky_directories_protect_others_files), CAP_OWNER },
	{ C(vfs_changes_need_the_owner), CAP_OWNER },
	{ C(vfs_set_id_bits_go_when_others_write), CAP_OWNER },
	{ C(vfs_immutable_and_append_flags_hold), CAP_FLAGS },
	{ C(vfs_system_flags_obey_the_securelevel), CAP_FLAGS },
	{ C(vfs_times_are_kept_to_the_nanosecond), CAP_TIMES },
	{ C(vfs_changes_are_seen_in_the_times), 0 },
	{ C(vfs_reading_is_seen_in_the_access_time), CAP_ATIME },
	{ C(vfs_record_locks_conflict_between_processes), 0 },
	{ C(vfs_waiting_lockers_get_their_turn), 0 },
	{ C(vfs_fifos_carry_bytes), CAP_NODES },
	{ C(vfs_special_files_reach_their_device), CAP_NODES | CAP_OWNER },
	{ C(vfs_pathconf_tells_limits), 0 },
	{ C(vfs_handles_find_their_files), CAP_FH },
	{ C(vfs_mounts_nest_and_hide), CAP_LINK | CAP_RENAME },
	{ C(vfs_forced_unmount_leaves_dead_files), CAP_DISK },
	{ C(vfs_update_mounts_change_options), CAP_DISK },
	{ C(vfs_users_may_not_mount), CAP_OWNER | CAP_MOUNT },
	{ NULL, NULL, 0 } };

static const struct mcase readonly_cases[] = {
	{ C(vfs_readonly_attributes_do_not_change), 0 }, { NULL, NULL, 0 }
};

int
main(void)
{
	return matrix_main(cases, readonly_cases);
}
