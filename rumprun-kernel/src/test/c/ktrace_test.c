/* SPDX-License-Identifier: BSD-2-Clause */
/* ktrace(2): what is recorded of a process and its children, and how tracing ends. */
#include <netbsd/ktrace.h>
#include "vfs_calls.h"

#define TRACE "/trace"

static struct fixture f;

static long
l_ktrace(const char *file, int ops, unsigned facs, int pid)
{
	return SYS(f.l, SYS_ktrace, ktrace, P(const char *, file), P(int, ops),
	    P(int, (int)facs), P(int, pid));
}

static int
self(void)
{
	return f.l->l_proc->p_pid;
}

static void
begin(void)
{
	up_with(&f, 0);
	CHECK_EQ(touch(f.l, TRACE), 0);
}

/* The trace, and its records one after another. */
static uint8_t trace[1 << 20];
static size_t tracelen, at;

static void
read_trace(void)
{
	long fd = l_open(f.l, TRACE, O_RDONLY, 0), n;

	CHECK(fd >= 0);
	n = l_read(f.l, fd, trace, sizeof(trace));
	CHECK(n >= 0);
	tracelen = (size_t)n;
	at = 0;
	l_close(f.l, fd);
}

static const uint8_t *
next(struct ktr_header *h)
{
	const uint8_t *data;

	if (tracelen - at < sizeof(*h))
		return NULL;
	memcpy(h, trace + at, sizeof(*h));
	CHECK(h->ktr_len >= 0 &&
	    (size_t)h->ktr_len <= tracelen - at - sizeof(*h));
	CHECK_EQ(h->ktr_version, 2);
	data = trace + at + sizeof(*h);
	at += sizeof(*h) + (size_t)h->ktr_len;
	return data;
}

static const uint8_t *
find(int type, struct ktr_header *h)
{
	const uint8_t *p;

	while ((p = next(h)) != NULL && h->ktr_type != type)
		continue;
	return p;
}

static void
records_calls_and_paths(void)
{
	struct ktr_header h;
	struct ktr_syscall call;
	struct ktr_sysret ret;
	const uint8_t *p;

	begin();
	CHECK_EQ(l_ktrace(TRACE, KTROP_SET,
		     KTRFAC_SYSCALL | KTRFAC_SYSRET | KTRFAC_NAMEI, self()),
	    0);
	CHECK_EQ(l_access(f.l, "/nosuch", 0), -ENOENT);
	CHECK_EQ(l_ktrace(NULL, KTROP_CLEAR, ~0u, self()), 0);
	CHECK_EQ(l_access(f.l, "/dev", 0), 0);
	read_trace();
	CHECK((p = find(KTR_SYSCALL, &h)) != NULL);
	memcpy(&call, p, sizeof(call));
	CHECK_EQ(call.ktr_code, SYS_access);
	CHECK_EQ(
	    (long)h.ktr_len, (long)(sizeof(call) + (size_t)call.ktr_argsize));
	CHECK_EQ(h.ktr_pid, self());
	CHECK((p = next(&h)) != NULL);
	CHECK_EQ(h.ktr_type, KTR_NAMEI);
	CHECK_EQ(h.ktr_len, 7);
	CHECK(memcmp(p, "/nosuch", 7) == 0);
	CHECK((p = next(&h)) != NULL);
	CHECK_EQ(h.ktr_type, KTR_SYSRET);
	memcpy(&ret, p, sizeof(ret));
	CHECK_EQ(ret.ktr_error, ENOENT);
	CHECK((p = next(&h)) != NULL); /* the call that ended it */
	CHECK(next(&h) == NULL);
	down(&f);
}

static void
records_what_is_moved(void)
{
	static char out[10000], got[10000];
	struct ktr_header h;
	struct ktr_genio io;
	const uint8_t *p;
	size_t n = 0;
	long fd;

	begin();
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7);
	fd = l_open(f.l, "/file", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(l_ktrace(TRACE, KTROP_SET, KTRFAC_GENIO, self()), 0);
	CHECK_EQ(l_write(f.l, fd, out, sizeof(out)), (long)sizeof(out));
	CHECK_EQ(l_ktrace(NULL, KTROP_CLEAR, ~0u, self()), 0);
	read_trace();
	while ((p = find(KTR_GENIO, &h)) != NULL) {
		memcpy(&io, p, sizeof(io));
		CHECK_EQ(io.ktr_fd, (int)fd);
		CHECK_EQ(io.ktr_rw, UIO_WRITE);
		CHECK(n + (size_t)h.ktr_len - sizeof(io) <= sizeof(got));
		memcpy(got + n, p + sizeof(io), (size_t)h.ktr_len - sizeof(io));
		n += (size_t)h.ktr_len - sizeof(io);
	}
	CHECK_EQ((long)n, (long)sizeof(out));
	CHECK(memcmp(out, got, sizeof(out)) == 0);
	down(&f);
}

/* What goes into the trace file is traced into it, once. */
static void
traces_a_write_into_the_trace(void)
{
	struct ktr_header h;
	long fd;
	int n = 0;

	begin();
	fd = l_open(f.l, TRACE, O_WRONLY | O_APPEND, 0);
	CHECK_EQ(l_ktrace(TRACE, KTROP_SET, KTRFAC_MASK, self()), 0);
	CHECK_EQ(l_write(f.l, fd, "", 0), 0);
	CHECK_EQ(l_ktrace(TRACE, KTROP_CLEARFILE, 0, 0), 0);
	read_trace();
	while (next(&h) != NULL)
		n++;
	CHECK(n >= 3 && n < 20);
	down(&f);
}

static void
follows_children_when_asked(void)
{
	struct ktr_header h;
	struct proc *child, *other;
	bool seen = false;

	begin();
	CHECK_EQ(proc_fork(f.k, f.l->l_proc, RFFDG, "before", &other), 0);
	CHECK_EQ(
	    l_ktrace(TRACE, KTROP_SET, KTRFAC_EMUL | KTRFAC_INHERIT, self()), 0);
	CHECK_EQ(proc_fork(f.k, f.l->l_proc, RFFDG, "child", &child), 0);
	CHECK(child->p_traceflag != 0);
	CHECK_EQ(other->p_traceflag, 0);
	/* Descendants: those that are there, too. */
	CHECK_EQ(
	    l_ktrace(TRACE, KTROP_SET | KTRFLAG_DESCEND, KTRFAC_EMUL, self()),
	    0);
	CHECK(other->p_traceflag != 0);
	proc_exit(child, NULL, 0);
	proc_exit(other, NULL, 0);
	CHECK_EQ(l_ktrace(NULL, KTROP_CLEAR | KTRFLAG_DESCEND, ~0u, 1), 0);
	CHECK_EQ(f.l->l_proc->p_traceflag, 0);
	read_trace();
	while (next(&h) != NULL)
		seen |= strcmp(h.ktr_comm, "child") == 0;
	CHECK(seen);
	down(&f);
}

static void
users_say_something(void)
{
	struct ktr_header h;
	const uint8_t *p;

	begin();
	CHECK_EQ(l_ktrace(TRACE, KTROP_SET, KTRFAC_USER, self()), 0);
	CHECK_EQ(SYS(f.l, SYS_utrace, utrace, P(const char *, "label"),
		     P(void *, (void *)"data"), P(size_t, 4)),
	    0);
	CHECK_EQ(SYS(f.l, SYS_utrace, utrace, P(const char *, "label"),
		     P(void *, (void *)"data"), P(size_t, KTR_USER_MAXLEN + 1)),
	    -EINVAL);
	CHECK_EQ(l_ktrace(NULL, KTROP_CLEAR, ~0u, self()), 0);
	read_trace();
	CHECK((p = find(KTR_USER, &h)) != NULL);
	CHECK_EQ(h.ktr_len, KTR_USER_MAXIDLEN + 4);
	CHECK(strcmp((const char *)p, "label") == 0);
	CHECK(memcmp(p + KTR_USER_MAXIDLEN, "data", 4) == 0);
	down(&f);
}

static void
refuses_and_ends(void)
{
	static char big[4096];
	long fd, n;

	begin();
	CHECK_EQ(l_ktrace("/none", KTROP_SET, KTRFAC_NAMEI, self()), -ENOENT);
	CHECK_EQ(l_ktrace("/dev", KTROP_SET, KTRFAC_NAMEI, self()), -EISDIR);
	CHECK_EQ(l_ktrace(TRACE, KTROP_SET, 0, self()), -EINVAL);
	CHECK_EQ(l_ktrace(TRACE, KTROP_SET, KTRFAC_NAMEI, 99999), -ESRCH);
	CHECK_EQ(l_ktrace(TRACE, KTROP_MASK, KTRFAC_NAMEI, self()), -EINVAL);
	/* A file system that is full: the call goes on, tracing doesn't. */
	CHECK_EQ(l_mkdir(f.l, "/small"), 0);
	struct tmpfs_args args = {
		.ta_version = 1, .ta_root_mode = 0755, .ta_size_max = 65536
	};
	CHECK_EQ(l_mount(f.l, "tmpfs", "/small", 0, &args, sizeof(args)), 0);
	CHECK_EQ(touch(f.l, "/small/trace"), 0);
	fd = l_open(f.l, "/file", O_RDWR | O_CREAT, 0644);
	CHECK_EQ(l_ktrace("/small/trace", KTROP_SET, KTRFAC_GENIO, self()), 0);
	for (n = 0; n < 100; n++)
		CHECK_EQ(l_write(f.l, fd, big, sizeof(big)), (long)sizeof(big));
	CHECK_EQ(f.l->l_proc->p_traceflag, 0);
	CHECK(f.l->l_proc->p_trace == NULL);
	l_close(f.l, fd);
	down(&f);
}

int
main(void)
{
	RUN(records_calls_and_paths);
	RUN(records_what_is_moved);
	RUN(traces_a_write_into_the_trace);
	RUN(follows_children_when_asked);
	RUN(users_say_something);
	RUN(refuses_and_ends);
	return check_done();
}
