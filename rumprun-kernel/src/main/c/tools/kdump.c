/* SPDX-License-Identifier: BSD-2-Clause */
/* kdump: shows what ktrace wrote. Nothing in the file is believed but what is checked. */
#include <netbsd/fcntl.h>
#include <netbsd/syscall.h>
#include <rumprun/tool_net.h>
#include <rumprun/tool_sys.h>
#include <inttypes.h>
#include <stdlib.h>
#include "tools/tools.h"
#include "tools/trpoints.h"

#define TRACE_FILE "ktrace.out"
#define RECORD_MAX (1 << 20)
#define POLL_NS 200000000

struct dump {
	struct tool *t;
	bool decimal, elapsed, relative, absolute, plain_numbers, plain_words,
	    follow;
	int hex; /* 0, or bytes in a group of -x, -X */
	long maxdata;
	int pid;
	unsigned facs;
	bool any;
	struct timespec first, last;
};

static const char *const syscall_names[] = {
#define NAME(number, name, argsize, nargs, flags) [number] = #name,
	SYSCALL_TABLE(NAME)
#undef NAME
};
#define NSYSCALLS (sizeof(syscall_names) / sizeof(syscall_names[0]))

static const char *const signals[] = { "", "HUP", "INT", "QUIT", "ILL", "TRAP",
	"ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE", "ALRM",
	"TERM", "URG", "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "IO",
	"XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "INFO", "USR1", "USR2",
	"PWR" };
#define NSIGNALS (sizeof(signals) / sizeof(signals[0]))

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: %s [-dElNnRT] [-e emulation] [-f file] [-m maxdata] [-p pid]\n"
	    "             [-t trstr] [-x | -X size] [file]\n",
	    t->t_progname);
	t_exit(t, 1);
}

static struct timespec
since(struct timespec now, struct timespec then)
{
	now.tv_sec -= then.tv_sec;
	now.tv_nsec -= then.tv_nsec;
	if (now.tv_nsec < 0) {
		now.tv_sec--;
		now.tv_nsec += 1000000000;
	}
	return now;
}

static void
print_time(struct dump *d, struct timespec ts)
{
	t_printf(
	    d->t, "%" PRId64 ".%09ld ", (int64_t)ts.tv_sec, (long)ts.tv_nsec);
}

static const char *
type_name(int type)
{
	switch (type) {
	case KTR_SYSCALL:
		return "CALL";
	case KTR_SYSRET:
		return "RET ";
	case KTR_NAMEI:
		return "NAMI";
	case KTR_GENIO:
		return "GIO ";
	case KTR_PSIG:
		return "PSIG";
	case KTR_CSW:
		return "CSW ";
	case KTR_EMUL:
		return "EMUL";
	case KTR_USER:
		return "USER";
	case KTR_EXEC_ARG:
		return "ARG ";
	case KTR_EXEC_ENV:
		return "ENV ";
	case KTR_EXEC_FD:
		return "FD  ";
	case KTR_MIB:
		return "MIB ";
	}
	return NULL;
}

static void
print_head(struct dump *d, const struct ktr_header *h)
{
	const char *type = type_name(h->ktr_type);
	struct timespec ts = h->ktr_ts;

	t_printf(d->t, "%6d %6d %-8.*s ", h->ktr_pid, h->ktr_lid,
	    (int)sizeof(h->ktr_comm) - 1, h->ktr_comm);
	if (!d->any)
		d->first = d->last = ts;
	d->any = true;
	if (d->elapsed)
		print_time(d, since(ts, d->first));
	if (d->relative)
		print_time(d, since(ts, d->last));
	if (d->absolute)
		print_time(d, ts);
	d->last = ts;
	if (type != NULL)
		t_printf(d->t, "%s  ", type);
	else
		t_printf(d->t, "UNKNOWN(%d)  ", h->ktr_type);
}

static void
print_name(struct dump *d, int code)
{
	if (d->plain_numbers || code < 0 || (size_t)code >= NSYSCALLS ||
	    syscall_names[code] == NULL)
		t_printf(d->t, "[%d]", code);
	else
		t_puts(d->t, syscall_names[code]);
}

static void
print_number(struct dump *d, register_t v)
{
	if (d->decimal)
		t_printf(d->t, "%" PRId64, (int64_t)v);
	else if (v < 0 || v > 9)
		t_printf(d->t, "%#" PRIx64,
		    (uint64_t)(sizeof(v) == 4 ? (uint32_t)v : (uint64_t)v));
	else
		t_printf(d->t, "%d", (int)v);
}

static void
print_call(struct dump *d, const uint8_t *p, size_t n)
{
	struct ktr_syscall call;
	register_t arg;

	if (n < sizeof(call))
		return;
	memcpy(&call, p, sizeof(call));
	p += sizeof(call);
	n -= sizeof(call);
	print_name(d, call.ktr_code);
	if (call.ktr_argsize > 0 && (size_t)call.ktr_argsize < n)
		n = (size_t)call.ktr_argsize;
	for (size_t i = 0; n >= sizeof(arg); i++) {
		memcpy(&arg, p, sizeof(arg));
		t_puts(d->t, i == 0 ? "(" : ", ");
		print_number(d, arg);
		p += sizeof(arg);
		n -= sizeof(arg);
		if (n < sizeof(arg))
			t_puts(d->t, ")");
	}
	t_puts(d->t, "\n");
}

static void
print_return(struct dump *d, const uint8_t *p, size_t n)
{
	struct ktr_sysret ret;

	if (n < sizeof(ret))
		return;
	memcpy(&ret, p, sizeof(ret));
	print_name(d, ret.ktr_code);
	t_puts(d->t, " ");
	if (ret.ktr_error == 0) {
		print_number(d, ret.ktr_retval);
		if (!d->plain_words &&
		    (ret.ktr_retval < 0 || ret.ktr_retval > 9) && !d->decimal)
			t_printf(d->t, "/%" PRId64, (int64_t)ret.ktr_retval);
		if (ret.ktr_retval_1 != 0) {
			t_puts(d->t, ", ");
			print_number(d, ret.ktr_retval_1);
		}
	} else {
		t_printf(d->t, "-1 errno %d", ret.ktr_error);
		if (!d->plain_words)
			t_printf(d->t, " %s", t_strerror(ret.ktr_error));
	}
	t_puts(d->t, "\n");
}

/* As in C, without what would move a terminal. */
static void
print_text(struct dump *d, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n')
			t_puts(d->t, "\\n");
		else if (p[i] == '\t')
			t_puts(d->t, "\\t");
		else if (p[i] == '\r')
			t_puts(d->t, "\\r");
		else if (p[i] == '\0')
			t_puts(d->t, "\\0");
		else if (p[i] == '"' || p[i] == '\\')
			t_printf(d->t, "\\%c", p[i]);
		else if (p[i] < ' ' || p[i] >= 0x7f)
			t_printf(d->t, "\\%03o", p[i]);
		else
			t_printf(d->t, "%c", p[i]);
	}
}

static void
print_hex(struct dump *d, const uint8_t *p, size_t n)
{
	for (size_t at = 0; at < n; at += 16) {
		size_t row = n - at < 16 ? n - at : 16;

		t_printf(d->t, "       %04zx ", at);
		for (size_t i = 0; i < 16; i++) {
			if (i % (size_t)d->hex == 0)
				t_puts(d->t, " ");
			if (i < row)
				t_printf(d->t, "%02x", p[at + i]);
			else
				t_puts(d->t, "  ");
		}
		t_puts(d->t, "  ");
		for (size_t i = 0; i < row; i++) {
			int c = p[at + i];

			t_printf(d->t, "%c", c >= ' ' && c < 0x7f ? c : '.');
		}
		t_puts(d->t, "\n");
	}
}

static void
print_data(struct dump *d, const uint8_t *p, size_t n)
{
	if (d->maxdata >= 0 && n > (size_t)d->maxdata)
		n = (size_t)d->maxdata;
	if (n == 0)
		return;
	if (d->hex != 0) {
		print_hex(d, p, n);
		return;
	}
	t_puts(d->t, "       \"");
	print_text(d, p, n);
	t_puts(d->t, "\"\n");
}

static void
print_io(struct dump *d, const uint8_t *p, size_t n)
{
	struct ktr_genio io;

	if (n < sizeof(io))
		return;
	memcpy(&io, p, sizeof(io));
	n -= sizeof(io);
	t_printf(d->t, "fd %d %s %zu bytes\n", io.ktr_fd,
	    io.ktr_rw == 0 ? "read" : "wrote", n);
	print_data(d, p + sizeof(io), n);
}

static void
print_signal(struct dump *d, const uint8_t *p, size_t n)
{
	struct ktr_psig sig;

	if (n < sizeof(sig))
		return;
	memcpy(&sig, p, sizeof(sig));
	if (sig.signo > 0 && (size_t)sig.signo < NSIGNALS)
		t_printf(d->t, "SIG%s ", signals[sig.signo]);
	else
		t_printf(d->t, "SIG%d ", sig.signo);
	if (sig.action == NULL)
		t_puts(d->t, "SIG_DFL");
	else
		t_printf(d->t, "caught handler=%p mask=(%#x,%#x,%#x,%#x)",
		    sig.action, sig.mask.__bits[0], sig.mask.__bits[1],
		    sig.mask.__bits[2], sig.mask.__bits[3]);
	if (sig.code != 0)
		t_printf(d->t, ": code=%d", sig.code);
	t_puts(d->t, "\n");
}

static void
print_user(struct dump *d, const uint8_t *p, size_t n)
{
	struct ktr_user user;

	if (n < sizeof(user))
		return;
	memcpy(&user, p, sizeof(user));
	n -= sizeof(user);
	t_printf(d->t, "%.*s: %zu, ", KTR_USER_MAXIDLEN, user.ktr_id, n);
	if (d->maxdata >= 0 && n > (size_t)d->maxdata)
		n = (size_t)d->maxdata;
	for (size_t i = 0; i < n; i++)
		t_printf(d->t, "%02x", p[sizeof(user) + i]);
	t_puts(d->t, "\n");
}

static void
print_record(
    struct dump *d, const struct ktr_header *h, const uint8_t *p, size_t n)
{
	struct ktr_csw csw;
	struct ktr_execfd fd;
	int32_t v;

	print_head(d, h);
	switch (h->ktr_type) {
	case KTR_SYSCALL:
		print_call(d, p, n);
		return;
	case KTR_SYSRET:
		print_return(d, p, n);
		return;
	case KTR_NAMEI:
	case KTR_EMUL:
	case KTR_EXEC_ARG:
	case KTR_EXEC_ENV:
		t_puts(d->t, "\"");
		print_text(d, p, n);
		t_puts(d->t, "\"\n");
		return;
	case KTR_GENIO:
		print_io(d, p, n);
		return;
	case KTR_PSIG:
		print_signal(d, p, n);
		return;
	case KTR_CSW:
		if (n < sizeof(csw))
			break;
		memcpy(&csw, p, sizeof(csw));
		t_printf(d->t, "%s %s\n", csw.out ? "stop" : "resume",
		    csw.user ? "user" : "kernel");
		return;
	case KTR_USER:
		print_user(d, p, n);
		return;
	case KTR_EXEC_FD:
		if (n < sizeof(fd))
			break;
		memcpy(&fd, p, sizeof(fd));
		t_printf(d->t, "%d type %u\n", fd.ktr_fd, fd.ktr_dtype);
		return;
	case KTR_MIB:
		for (size_t i = 0; n - i >= sizeof(v); i += sizeof(v)) {
			memcpy(&v, p + i, sizeof(v));
			t_printf(d->t, "%s%" PRId32, i == 0 ? "" : ".", v);
		}
		break;
	}
	t_puts(d->t, "\n");
}

/* n bytes, or fewer at the end of the file. */
static size_t
read_some(struct dump *d, int fd, void *buf, size_t n, const char *file)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = sys_read(d->t, fd, (uint8_t *)buf + done, n - done);
		if (got < 0)
			t_fail(d->t, 1, (int)got, "%s", file);
		if (got == 0 && !d->follow)
			break;
		if (got == 0) {
			t_flush(d->t->t_out);
			if (sys_nanosleep(
				d->t, &(struct timespec){ 0, POLL_NS }) < 0)
				break;
		}
		done += (size_t)got;
	}
	return done;
}

static void
dump(struct dump *d, const char *file)
{
	struct ktr_header h;
	uint8_t *buf = NULL;
	size_t have = 0;
	int fd = sys_open(d->t, file, O_RDONLY, 0);

	if (fd < 0)
		t_fail(d->t, 1, fd, "%s", file);
	while (read_some(d, fd, &h, sizeof(h), file) == sizeof(h)) {
		if (h.ktr_len < 0 || h.ktr_len > RECORD_MAX)
			t_errx(d->t, 1, "bogus length 0x%x", h.ktr_len);
		if ((size_t)h.ktr_len > have) {
			have = (size_t)h.ktr_len;
			t_free(d->t, buf);
			buf = t_malloc(d->t, have);
		}
		if (read_some(d, fd, buf, (size_t)h.ktr_len, file) !=
		    (size_t)h.ktr_len)
			t_errx(d->t, 1, "data too short");
		if (h.ktr_type <= 0 || h.ktr_type >= 32 ||
		    (d->facs & (1u << h.ktr_type)) == 0 ||
		    (d->pid != 0 && d->pid != h.ktr_pid))
			continue;
		print_record(d, &h, buf, (size_t)h.ktr_len);
	}
	sys_close(d->t, fd);
}

int
kdump_main(struct tool *t, int argc, char **argv)
{
	struct dump d = { .t = t, .maxdata = -1, .facs = ~0u };
	const char *file = TRACE_FILE;
	int c, points;

	while ((c = t_getopt(t, argc, argv, "dEe:f:lm:Nnp:RTt:xX:")) != -1) {
		switch (c) {
		case 'd':
			d.decimal = true;
			break;
		case 'E':
			d.elapsed = true;
			break;
		case 'e': /* there is NetBSD's only */
			break;
		case 'f':
			file = t->t_opt.optarg;
			break;
		case 'l':
			d.follow = true;
			break;
		case 'm':
			d.maxdata = strtol(t->t_opt.optarg, NULL, 0);
			break;
		case 'N':
			d.plain_numbers = true;
			break;
		case 'n':
			d.plain_words = true;
			break;
		case 'p':
			d.pid = (int)strtol(t->t_opt.optarg, NULL, 10);
			break;
		case 'R':
			d.relative = true;
			break;
		case 'T':
			d.absolute = true;
			break;
		case 't':
			points = trpoints(t->t_opt.optarg);
			if (points < 0)
				t_errx(t, 1, "unknown trace point in %s",
				    t->t_opt.optarg);
			d.facs = (unsigned)points;
			break;
		case 'x':
			d.hex = 1;
			break;
		case 'X':
			d.hex = (int)strtol(t->t_opt.optarg, NULL, 0);
			if (d.hex != 1 && d.hex != 2 && d.hex != 4 &&
			    d.hex != 8 && d.hex != 16)
				usage(t);
			break;
		default:
			usage(t);
		}
	}
	if (argc - t->t_opt.optind > 1)
		usage(t);
	if (argv[t->t_opt.optind] != NULL)
		file = argv[t->t_opt.optind];
	dump(&d, file);
	return 0;
}
