/* SPDX-License-Identifier: BSD-2-Clause */
/* Fifos: who waits for whom, and how waiting ends. */
#include "core_calls.h"

#define FIFO "/tmp/fifo"

static long
open_read(struct lwp *l, void *arg)
{
	return l_open(l, arg, O_RDONLY, 0);
}

static long
open_write(struct lwp *l, void *arg)
{
	return l_open(l, arg, O_WRONLY, 0);
}

static long
read_one(struct lwp *l, void *arg)
{
	char c;

	return l_read(l, *(long *)arg, &c, 1);
}

static long
fill(struct lwp *l, void *arg)
{
	static const char zeros[4096];
	long n, all = 0;

	while (all < 1 << 20 &&
	    (n = l_write(l, *(long *)arg, zeros, sizeof(zeros))) > 0)
		all += n;
	return all < 1 << 20 ? n : all;
}

static void
begin(struct fixture *f)
{
	up(f);
	CHECK_EQ(l_mkfifo(f->l, FIFO), 0);
}

static char path[] = FIFO;

TEST(fifo_open_waits_for_the_other_end)
{
	struct fixture f;
	struct side s;
	long r, w;
	char buf[8];

	begin(&f);
	side_begin(&s, f.p, open_read, path);
	CHECK(side_sleeps(&s));
	w = l_open(f.l, FIFO, O_WRONLY, 0);
	r = side_end(&s);
	CHECK(w >= 0 && r >= 0 && w != r);
	CHECK_EQ(l_write(f.l, w, "abc", 3), 3);
	CHECK_EQ(l_read(f.l, r, buf, 8), 3);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(l_read(f.l, r, buf, 8), 0);
	CHECK_EQ(l_close(f.l, r), 0);
	side_begin(&s, f.p, open_write, path);
	CHECK(side_sleeps(&s));
	r = l_open(f.l, FIFO, O_RDONLY, 0);
	w = side_end(&s);
	CHECK(w >= 0 && r >= 0);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK_EQ(l_close(f.l, r), 0);
	down(&f);
}

TEST(fifo_nonblocking_open)
{
	struct fixture f;
	char buf[8];
	long r, w, rw;

	begin(&f);
	CHECK_EQ(l_open(f.l, FIFO, O_WRONLY | O_NONBLOCK, 0), -ENXIO);
	r = l_open(f.l, FIFO, O_RDONLY | O_NONBLOCK, 0);
	CHECK_EQ(r, 0);
	CHECK_EQ(l_read(f.l, r, buf, 8), 0);
	w = l_open(f.l, FIFO, O_WRONLY | O_NONBLOCK, 0);
	CHECK_EQ(w, 1);
	CHECK_EQ(l_read(f.l, r, buf, 8), -EAGAIN);
	/* There is no place in it. */
	CHECK_EQ(l_pwrite(f.l, w, "abc", 3, 0), -ESPIPE);
	CHECK_EQ(l_pread(f.l, r, buf, 8, 0), -ESPIPE);
	CHECK_EQ(l_write(f.l, w, "abc", 3), 3);
	CHECK_EQ(l_read(f.l, r, buf, 2), 2);
	/* What nobody read goes with the last one. */
	CHECK_EQ(l_close(f.l, r), 0);
	CHECK_EQ(l_close(f.l, w), 0);
	rw = l_open(f.l, FIFO, O_RDWR, 0);
	CHECK_EQ(rw, 0);
	CHECK_EQ(l_poll(f.l, rw, POLLIN | POLLOUT, 0), POLLOUT);
	CHECK_EQ(l_write(f.l, rw, "xy", 2), 2);
	CHECK_EQ(l_read(f.l, rw, buf, 8), 2);
	CHECK_EQ(l_close(f.l, rw), 0);
	down(&f);
}

TEST(fifo_write_without_reader_is_epipe)
{
	struct fixture f;
	long r, w;

	begin(&f);
	r = l_open(f.l, FIFO, O_RDONLY | O_NONBLOCK, 0);
	w = l_open(f.l, FIFO, O_WRONLY, 0);
	CHECK_EQ(l_close(f.l, r), 0);
	CHECK_EQ(l_write(f.l, w, "a", 1), -EPIPE);
	CHECK(l_poll(f.l, w, POLLOUT, 0) & POLLHUP);
	CHECK_EQ(l_close(f.l, w), 0);
	down(&f);
}

TEST(fifo_full_writer_waits_and_hears_of_the_end)
{
	struct fixture f;
	struct side s;
	long r, w;

	begin(&f);
	r = l_open(f.l, FIFO, O_RDONLY | O_NONBLOCK, 0);
	w = l_open(f.l, FIFO, O_WRONLY, 0);
	side_begin(&s, f.p, fill, &w);
	CHECK(side_sleeps(&s));
	CHECK_EQ(l_poll(f.l, w, POLLOUT, 0), 0);
	CHECK_EQ(l_close(f.l, r), 0);
	CHECK_EQ(side_end(&s), -EPIPE);
	CHECK_EQ(l_close(f.l, w), 0);
	down(&f);
}

TEST(fifo_poll_and_kqueue)
{
	struct fixture f;
	struct kevent ev;
	long r, w, kq;

	begin(&f);
	kq = l_kqueue(f.l);
	r = l_open(f.l, FIFO, O_RDONLY | O_NONBLOCK, 0);
	w = l_open(f.l, FIFO, O_WRONLY, 0);
	CHECK_EQ(l_poll(f.l, r, POLLIN, 0), 0);
	CHECK_EQ(l_kevent(f.l, kq, r, EVFILT_READ, &ev), -1);
	CHECK_EQ(l_write(f.l, w, "abc", 3), 3);
	CHECK_EQ(l_poll(f.l, r, POLLIN, 0), POLLIN);
	CHECK_EQ(l_kevent(f.l, kq, r, EVFILT_READ, &ev), 3);
	CHECK_EQ(l_close(f.l, w), 0);
	CHECK(l_poll(f.l, r, POLLIN, 0) & POLLHUP);
	CHECK_EQ(l_kevent(f.l, kq, r, EVFILT_READ, &ev), 3);
	CHECK(ev.flags & EV_EOF);
	CHECK_EQ(l_close(f.l, r), 0);
	CHECK_EQ(l_close(f.l, kq), 0);
	down(&f);
}

TEST(fifo_open_is_interrupted)
{
	struct fixture f;
	struct side s;

	begin(&f);
	side_begin(&s, f.p, open_read, path);
	CHECK(side_sleeps(&s));
	lwp_wakeup(s.l, L_INTR);
	CHECK_EQ(side_end(&s), -EINTR);
	CHECK_EQ(l_open(f.l, FIFO, O_WRONLY | O_NONBLOCK, 0), -ENXIO);
	down(&f);
}

/* A client that dies: its sleeping open and read end, and the ends that it had are closed. */
TEST(fifo_client_death)
{
	struct fixture f;
	struct side s;
	struct proc *p;
	long w, r;
	char c;

	begin(&f);
	CHECK_EQ(proc_fork(f.k, NULL, RFCFDG, "client", &p), 0);
	side_begin(&s, p, open_write, path);
	CHECK(side_sleeps(&s));
	proc_wakeup_lwps(p, L_EXIT, NULL);
	CHECK_EQ(side_end(&s), -EINTR);
	side_begin(&s, p, open_write, path);
	r = l_open(f.l, FIFO, O_RDONLY, 0);
	w = side_end(&s);
	CHECK(r >= 0 && w >= 0);
	side_begin(&s, f.p, read_one, &r);
	CHECK(side_sleeps(&s));
	proc_exit(p, NULL, 0);
	CHECK_EQ(side_end(&s), 0);
	CHECK_EQ(l_read(f.l, r, &c, 1), 0);
	CHECK_EQ(l_close(f.l, r), 0);
	down(&f);
}

/* The file system goes by force: who sleeps in its fifo wakes up. */
TEST(fifo_forced_unmount_wakes_sleepers)
{
	struct tmpfs_args args = { .ta_version = 1, .ta_root_mode = 0755 };
	static char mounted[] = "/mnt/fifo";
	struct fixture f;
	struct side s, o;
	long r;

	up(&f);
	CHECK_EQ(l_mkdir(f.l, "/mnt"), 0);
	CHECK_EQ(l_mount(f.l, "tmpfs", "/mnt", 0, &args, sizeof(args)), 0);
	CHECK_EQ(l_mkfifo(f.l, mounted), 0);
	CHECK_EQ(l_mkfifo(f.l, "/mnt/other"), 0);
	r = l_open(f.l, mounted, O_RDWR, 0);
	CHECK(r >= 0);
	side_begin(&s, f.p, read_one, &r);
	CHECK(side_sleeps(&s));
	side_begin(&o, f.p, open_read, (void *)(uintptr_t) "/mnt/other");
	CHECK(side_sleeps(&o));
	CHECK_EQ(l_unmount(f.l, "/mnt", 0), -EBUSY);
	CHECK_EQ(l_unmount(f.l, "/mnt", MNT_FORCE), 0);
	CHECK_EQ(side_end(&s), -EIO);
	CHECK_EQ(side_end(&o), -EIO);
	CHECK_EQ(l_write(f.l, r, "x", 1), -EIO);
	CHECK_EQ(l_close(f.l, r), 0);
	down(&f);
}

/* Shutdown ends every sleep. */
TEST(fifo_halt_wakes_sleepers)
{
	struct fixture f;
	struct side s[2];
	long r;

	begin(&f);
	r = l_open(f.l, FIFO, O_RDWR, 0);
	side_begin(&s[0], f.p, read_one, &r);
	CHECK_EQ(l_mkfifo(f.l, "/tmp/g"), 0);
	side_begin(&s[1], f.p, open_write, (void *)(uintptr_t) "/tmp/g");
	CHECK(side_sleeps(&s[0]) && side_sleeps(&s[1]));
	kern_halt_begin(f.k);
	CHECK(side_end(&s[0]) < 0);
	CHECK(side_end(&s[1]) < 0);
	down(&f);
}

int
main(void)
{
	RUN(fifo_open_waits_for_the_other_end);
	RUN(fifo_nonblocking_open);
	RUN(fifo_write_without_reader_is_epipe);
	RUN(fifo_full_writer_waits_and_hears_of_the_end);
	RUN(fifo_poll_and_kqueue);
	RUN(fifo_open_is_interrupted);
	RUN(fifo_client_death);
	RUN(fifo_forced_unmount_wakes_sleepers);
	RUN(fifo_halt_wakes_sleepers);
	return check_done();
}
