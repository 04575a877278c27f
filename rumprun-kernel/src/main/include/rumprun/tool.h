/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world of a tool: what a utility gets besides the system calls.
 *
 * A tool is a re-entrant function `int newfs_main(struct tool *t, int argc, char **argv)`; its result is its exit
 * status. It runs as a process of a kernel, in this process (linked) or over a server's socket; it cannot tell
 * which. Everything it touches comes from `t`: system calls (<rumprun/tool_sys.h>), standard streams, environment,
 * memory (an arena, freed when the tool ends, whichever way it ends), option parsing, clock of the kernel.
 * It never calls exit, malloc'ed memory outlives nothing, and it holds no static state.
 *
 * Error arguments `error` below are NetBSD errno values of either sign (what a sys_* wrapper returned).
 */
#ifndef RUMPRUN_TOOL_H
#define RUMPRUN_TOOL_H

#include <netbsd/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUMPRUN_API __attribute__((visibility("default")))
#define T_PRINTF(f, a) __attribute__((format(printf, f, a)))

struct tool;

/*
 * How a tool reaches its kernel. `syscall` gets a NetBSD system-call number and argument block; pointers in the
 * block are addresses in this process. Returns 0 with rv[0..1] set, or a negative errno. May block.
 */
struct tool_sys {
	int (*syscall)(void *ctx, int num, const void *args, size_t argsize,
	    register_t rv[2]);
	/*
	 * Run another program as a child process of this tool's process and wait for it: linked, the tool
	 * function of that name; over a socket, the host's program. `argv[0]` is the name; `path` may hold a
	 * directory, which linked mode drops. Returns its exit status (0..255), 0x100|signal, or -errno
	 * (-ENOENT: no such tool).
	 */
	int (*spawn)(
	    void *ctx, struct tool *t, const char *path, char *const *argv);
	/*
	 * Show a host file to the kernel as a disk; only where the kernel lives in this process, else NULL.
	 * `spec` is HOSTPATH[@OFFSET[+LENGTH]] in bytes or HOSTPATH@PARTITION, a to p of a disklabel, p1, p2 ... of a
	 * GPT or MBR (a literal file of the whole name wins). With `create`
	 * the file is made, `size` bytes long, or extended to it; size 0 leaves it. Writes the paths of the block and
	 * character device. 0 or -errno; -EBUSY when another program holds the image for writing; `why` (of
	 * whysize bytes) then says who.
	 */
	int (*attach)(void *ctx, const char *spec, bool create, int64_t size,
	    bool readonly, char *blk, char *chr, size_t pathsize, char *why,
	    size_t whysize);
	/* Bytes of the host's image that `spec` means, before it is attached; -errno (-ENOENT: there is none). NULL as attach. */
	int64_t (*image_size)(void *ctx, const char *spec);
	/*
	 * Programs side by side: `start` is spawn without the wait, `tag` names the child; `await` waits for whichever ends first and
	 * returns its status as spawn does, -ECHILD when there is none. What they print comes in whole lines; they have no standard
	 * input. NULL: spawn is all there is.
	 */
	int (*start)(void *ctx, struct tool *t, const char *path,
	    char *const *argv, int tag);
	int (*await)(void *ctx, struct tool *t, int *tag);
};

/*
 * The standard streams: fd 0, 1, 2 of the program outside the kernel. `read` and `write` return a count (0: end), or
 * -errno; write writes everything. `isatty` tells; `columns` is the terminal's width or 0.
 */
struct tool_io {
	int (*read)(void *ctx, int fd, void *buf, size_t n);
	int (*write)(void *ctx, int fd, const void *buf, size_t n);
	bool (*isatty)(void *ctx, int fd);
	int (*columns)(void *ctx, int fd);
	/* A terminal shows what is typed, or not (passphrases). 0 or -errno. NULL: it can't be told. */
	int (*echo)(void *ctx, int fd, bool on);
	/* Long work: `done` of `total` units (total 0: unknown). NULL: nobody listens. Called at most some 20 times a second. */
	void (*progress)(
	    void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
};

typedef int tool_main(struct tool *t, int argc, char **argv);

struct tool_entry {
	const char *te_name; /* "newfs" */
	tool_main *te_main;
	unsigned te_flags; /* TOOL_* */
};
#define TOOL_DISK \
	0x1 /* its operand may be a host's image: needs no server when run from a shell */
#define TOOL_HOST \
	0x2 /* needs no kernel at all (rump_server, rumprun); te_main gets t without system calls */
#define TOOL_INTR \
	0x8 /* looks at SIGINT itself (t_catch_interrupt), also as a client of a server */
#define TOOL_NOTNETBSD 0x4 /* not under that name in NetBSD: no rump.<tool> */

/* A group's tools, ended by a NULL name; groups are chained by whoever links them, ended by NULL. */
struct tool_group {
	const char *tg_name;
	const struct tool_entry *tg_tools;
};

extern RUMPRUN_API const struct tool_group rumprun_kernel_tools;
/* rumprun(1), a TOOL_HOST for the table of an executable that has the tools it shall find. */
RUMPRUN_API tool_main rumprun_rumprun_main;

/* One buffered output stream. Line buffered on a terminal, else whole; stderr is unbuffered per call. */
struct tout {
	struct tool *to_tool;
	int to_fd;
	int to_error; /* first write error, negative errno, 0 none */
	bool to_linebuf, to_unbuf;
	size_t to_len;
	char to_buf[8192];
};

/* getopt(3) state, as the C library's globals of the same names. */
struct toptions {
	int opterr, optind, optopt, optreset;
	const char *optarg;
	const char *place;
};

struct tool {
	const char *t_progname; /* last component of argv[0] */
	const struct tool_sys *t_sys;
	void *t_sysctx;
	const struct tool_io *t_io;
	char *const *t_envp; /* NULL-terminated NAME=value */
	const struct tool_group *const
	    *t_groups; /* NULL-terminated: the tools that spawn finds */
	struct toptions t_opt;
	struct tout *t_out, *t_err;
	_Atomic int
	    t_siginfo; /* raised by SIGINFO (host: SIGUSR1, or a listener): tool reports and clears it */
	_Atomic int
	    t_interrupt; /* SIGINT: the tool ends soon, restoring what must be restored */
	void *t_priv; /* the runtime's: arena, jump buffer, input buffer */
};

/* --- running (tool/run.c) ------------------------------------------------------------------------------------------ */

struct tool_sleepers;

struct tool_run {
	const char *progname; /* NULL: the last component of argv[0] */
	const struct tool_sys *sys;
	void *sysctx;
	const struct tool_io *io;
	char *const *envp;
	const struct tool_group *const *groups;
	_Atomic int *siginfo; /* optional: outside flag that the runtime mirrors */
	_Atomic int *
	    interrupt; /* optional: the same for SIGINT; the number of another signal when it is more than 1 */
	struct tool_sleepers *
	    sleepers; /* optional: through it who has set interrupt ends a sleep in a system call (tool/sleepers.h) */
};
/* Looks at the outside flags. True once a SIGINFO: the caller reports, the flag is cleared. */
#define t_siginfo_take rumprun_t_siginfo_take
RUMPRUN_API bool t_siginfo_take(struct tool *);
/* From here on the tool itself looks at SIGINT; without this, one ends the tool at its next system call or write, or in a sleep, status 130 (SIGTERM: 143). */
#define t_catch_interrupt rumprun_t_catch_interrupt
RUMPRUN_API void t_catch_interrupt(struct tool *);
#define t_interrupted rumprun_t_interrupted
RUMPRUN_API bool t_interrupted(struct tool *);
/* Ends a tool that was interrupted, with the status of a program that the signal has ended. */
#define t_exit_interrupted rumprun_t_exit_interrupted
RUMPRUN_API _Noreturn void t_exit_interrupted(struct tool *);
/* Runs a tool to its end on this thread: makes the struct tool, calls it, flushes, frees. Returns the exit status. */
#define t_run rumprun_t_run
RUMPRUN_API int t_run(
    const struct tool_run *, tool_main *, int argc, char **argv);
/* The tool of that name (a leading directory and "rump." are dropped), or NULL. */
#define t_find rumprun_t_find
RUMPRUN_API const struct tool_entry *t_find(
    const struct tool_group *const *groups, const char *name);

/* --- ending, messages: err(3). Every message goes "progname: ..." to t_err after flushing t_out --------------------- */

#define t_exit rumprun_t_exit
RUMPRUN_API _Noreturn void t_exit(struct tool *, int status);
#define t_errx rumprun_t_errx
#define t_warn rumprun_t_warn
#define t_warnx rumprun_t_warnx
#define t_vwarn rumprun_t_vwarn
#define t_vwarnx rumprun_t_vwarnx
/* err(3): message, then ": strerror(error)". Called t_fail, since t_err is the stream. */
#define t_fail rumprun_t_fail
RUMPRUN_API _Noreturn void t_fail(
    struct tool *, int status, int error, const char *fmt, ...) T_PRINTF(4, 5);
RUMPRUN_API _Noreturn void t_errx(
    struct tool *, int status, const char *fmt, ...) T_PRINTF(3, 4);
RUMPRUN_API void t_warn(struct tool *, int error, const char *fmt, ...)
    T_PRINTF(3, 4);
RUMPRUN_API void t_warnx(struct tool *, const char *fmt, ...) T_PRINTF(2, 3);
RUMPRUN_API void t_vwarn(struct tool *, int error, const char *fmt, va_list);
RUMPRUN_API void t_vwarnx(struct tool *, const char *fmt, va_list);
/* strerror(3) in NetBSD's words: error of either sign. */
#define t_strerror rumprun_t_strerror
RUMPRUN_API const char *t_strerror(int error);
/* Something to run when the tool ends by any way but its thread's death (restore a terminal, remove a temporary). Newest first. */
#define t_atexit rumprun_t_atexit
RUMPRUN_API void t_atexit(
    struct tool *, void (*fn)(struct tool *, void *), void *arg);

/* --- memory: the tool's arena. Never NULL: running out ends the tool with err(1, ENOMEM) -------------------------- */

#define t_malloc rumprun_t_malloc
#define t_calloc rumprun_t_calloc
#define t_realloc rumprun_t_realloc
#define t_free rumprun_t_free
#define t_strdup rumprun_t_strdup
#define t_asprintf rumprun_t_asprintf
RUMPRUN_API void *t_malloc(struct tool *, size_t);
RUMPRUN_API void *t_calloc(struct tool *, size_t n, size_t size);
RUMPRUN_API void *t_realloc(struct tool *, void *, size_t);
RUMPRUN_API void t_free(struct tool *, void *);
RUMPRUN_API char *t_strdup(struct tool *, const char *);
RUMPRUN_API char *t_asprintf(struct tool *, const char *fmt, ...) T_PRINTF(2, 3);

/* --- streams -------------------------------------------------------------------------------------------------------- */

#define t_printf rumprun_t_printf   /* to t->t_out */
#define t_eprintf rumprun_t_eprintf /* to t->t_err */
#define t_fprintf rumprun_t_fprintf
#define t_vfprintf rumprun_t_vfprintf
#define t_putc rumprun_t_putc /* to t->t_out */
#define t_puts rumprun_t_puts /* no newline added */
#define t_out_write rumprun_t_out_write
#define t_flush rumprun_t_flush
#define t_getc rumprun_t_getc
#define t_getline rumprun_t_getline
RUMPRUN_API int t_printf(struct tool *, const char *fmt, ...) T_PRINTF(2, 3);
RUMPRUN_API int t_eprintf(struct tool *, const char *fmt, ...) T_PRINTF(2, 3);
RUMPRUN_API int t_fprintf(struct tout *, const char *fmt, ...) T_PRINTF(2, 3);
RUMPRUN_API int t_vfprintf(struct tout *, const char *fmt, va_list);
RUMPRUN_API void t_putc(struct tool *, int c);
RUMPRUN_API void t_puts(struct tool *, const char *s);
RUMPRUN_API void t_out_write(struct tout *, const void *, size_t);
/* 0 or the stream's first error, which is kept. */
RUMPRUN_API int t_flush(struct tout *);
/* Standard input, buffered: a byte or -1 at the end; a line without its newline in the arena or NULL at the end. t_stdin_read bypasses the buffer. */
RUMPRUN_API int t_getc(struct tool *);
RUMPRUN_API char *t_getline(struct tool *);
static inline int
t_stdin_read(struct tool *t, void *buf, size_t n)
{
	return t->t_io->read(t->t_io->ctx, 0, buf, n);
}
/*
 * isatty(3) as a NetBSD client of a rump kernel has it: a descriptor of the kernel's console is a terminal; when the kernel has no
 * such descriptor, what the host says. Decides columns and prompts, as in NetBSD; t_isatty is for progress displays.
 */
#define t_isterm rumprun_t_isterm
RUMPRUN_API bool t_isterm(struct tool *, int fd);
#define t_isatty(t, fd) ((t)->t_io->isatty((t)->t_io->ctx, (fd)))
#define t_columns(t, fd) ((t)->t_io->columns((t)->t_io->ctx, (fd)))

/* --- the C library's and libutil's helpers that utilities use, byte for byte ---------------------------------------- */

/* getopt(3): state in t->t_opt (optind starts at 1). Messages as NetBSD's: "prog: unknown option -- Z". */
#define t_getopt rumprun_t_getopt
RUMPRUN_API int t_getopt(
    struct tool *, int argc, char *const *argv, const char *optstring);
#define t_getenv rumprun_t_getenv
RUMPRUN_API const char *t_getenv(struct tool *, const char *name);
/* strmode(3): 11 characters and NUL, "drwxr-xr-x ". */
#define t_strmode rumprun_t_strmode
RUMPRUN_API void t_strmode(mode_t, char out[12]);
/* humanize_number(3), with its flags and scale. */
#define t_humanize rumprun_t_humanize
RUMPRUN_API int t_humanize(char *buf, size_t len, int64_t number,
    const char *suffix, int scale, int flags);
#define HN_DECIMAL 0x01
#define HN_NOSPACE 0x02
#define HN_B 0x04
#define HN_DIVISOR_1000 0x08
#define HN_GETSCALE 0x10
#define HN_AUTOSCALE 0x20
/* setmode(3)/getmode(3): NULL when the string is none. umask is the process's own. */
struct tmode;
#define t_setmode rumprun_t_setmode
#define t_getmode rumprun_t_getmode
RUMPRUN_API struct tmode *t_setmode(struct tool *, const char *);
RUMPRUN_API mode_t t_getmode(const struct tmode *, mode_t);
/* user_from_uid(3) etc.: by the kernel's own /etc/passwd and /etc/group, when they are there. NULL/-1: unknown. */
#define t_user_from_uid rumprun_t_user_from_uid
#define t_group_from_gid rumprun_t_group_from_gid
#define t_uid_from_user rumprun_t_uid_from_user
#define t_gid_from_group rumprun_t_gid_from_group
RUMPRUN_API const char *t_user_from_uid(struct tool *, uid_t);
RUMPRUN_API const char *t_group_from_gid(struct tool *, gid_t);
RUMPRUN_API int t_uid_from_user(struct tool *, const char *, uid_t *);
RUMPRUN_API int t_gid_from_group(struct tool *, const char *, gid_t *);
/* Broken-down time, UTC or by $TZ (TZ=UTC, POSIX rules; else UTC), and ctime(3)'s "Thu Jan  1 00:00:00 1970\n", strftime in the C locale. */
struct ttm {
	int sec, min, hour, mday, mon, year, wday, yday, isdst;
	long gmtoff;
	char zone[16];
};
#define t_localtime rumprun_t_localtime
#define t_gmtime rumprun_t_gmtime
#define t_mktime rumprun_t_mktime
#define t_timegm rumprun_t_timegm
#define t_ctime rumprun_t_ctime
#define t_strftime rumprun_t_strftime
RUMPRUN_API void t_localtime(struct tool *, int64_t, struct ttm *);
RUMPRUN_API void t_gmtime(int64_t, struct ttm *);
RUMPRUN_API int64_t t_mktime(struct tool *, struct ttm *);
RUMPRUN_API int64_t t_timegm(struct ttm *);
RUMPRUN_API char *t_ctime(struct tool *, int64_t, char out[32]);
RUMPRUN_API size_t t_strftime(
    char *, size_t, const char *fmt, const struct ttm *);
/* strsuftoll(3): size with suffixes b k m g t w and NxM products; "what" names it in the message; errors end the tool with status 1. */
#define t_strsuftoll rumprun_t_strsuftoll
RUMPRUN_API int64_t t_strsuftoll(
    struct tool *, const char *what, const char *s, int64_t min, int64_t max);
/* strsuftollx(3): as above, but writes the message into err ("" when fine). */
#define t_strsuftollx rumprun_t_strsuftollx
RUMPRUN_API int64_t t_strsuftollx(const char *what, const char *s, int64_t min,
    int64_t max, char *err, size_t errsize);
/* strvis(3)-like with VIS_* flags, fnmatch(3), flags strings: string_to_flags/flags_to_string (file flags "uchg,nodump"). */
#define t_vis rumprun_t_vis
RUMPRUN_API int t_vis(char *dst, size_t dstsize, const char *src, int flags);
#define VIS_OCTAL 0x01
#define VIS_CSTYLE 0x02
#define VIS_SP 0x04
#define VIS_TAB 0x08
#define VIS_NL 0x10
#define VIS_WHITE (VIS_SP | VIS_TAB | VIS_NL)
#define VIS_NOSLASH 0x40
#define t_fnmatch rumprun_t_fnmatch
RUMPRUN_API bool t_fnmatch(const char *pattern, const char *string);
#define t_flags_to_string rumprun_t_flags_to_string
#define t_string_to_flags rumprun_t_string_to_flags
RUMPRUN_API char *t_flags_to_string(
    struct tool *, unsigned flags, const char *none);
/* 0, or 1 when a word is unknown (*stringp then points at it). */
RUMPRUN_API int t_string_to_flags(
    char **stringp, unsigned *set, unsigned *clear);

/* getmntopts(3): parses -o lists against a table, as mount_* tools do. */
struct tmntopt {
	const char *m_option; /* "ro" */
	int m_inverse;	      /* "no" form means the flag set */
	int m_flag;
	int m_altloc; /* 1: set in *altflagp */
};
#define t_getmntopts rumprun_t_getmntopts
/* Flags are ored into *flagp or *altflagp; unknown words end the tool: `-o %s: option not supported` and status 1. Returns the option's value lookup list. */
RUMPRUN_API struct tmntopts *t_getmntopts(struct tool *, const char *optlist,
    const struct tmntopt *table, int *flagp, int *altflagp);
#define t_getmntoptstr rumprun_t_getmntoptstr
/* value of "name=value" in the parsed list or NULL. */
RUMPRUN_API const char *t_getmntoptstr(
    const struct tmntopts *, const char *name);
#define t_freemntopts(t, m) ((void)(m))

/* getfsent(3): the kernel's /etc/fstab, read whole into the arena. */
struct tfstab {
	char *fs_spec, *fs_file, *fs_vfstype, *fs_mntops;
	const char *fs_type; /* "rw", "rq", "ro", "sw", "dp", "xx" from the options */
	int fs_freq, fs_passno;
};
/* The count, the table out. Without the file: warns "Cannot open `/etc/fstab'" unless quiet, and returns -errno. */
#define t_getfstab rumprun_t_getfstab
RUMPRUN_API int t_getfstab(struct tool *, bool quiet, struct tfstab **);

/* getmntinfo(3): statvfs of every mount, in the arena; the count or -errno. `flags` is ST_WAIT or ST_NOWAIT. */
struct statvfs;
#define t_getmntinfo rumprun_t_getmntinfo
RUMPRUN_API int t_getmntinfo(struct tool *, struct statvfs **out, int flags);
/* A directory, read whole through getdents in pieces. d_name is NUL-terminated. NULL at the end. */
struct tdir;
struct dirent;
#define t_opendir rumprun_t_opendir
#define t_readdir rumprun_t_readdir
#define t_closedir rumprun_t_closedir
RUMPRUN_API int t_opendir(struct tool *, const char *path, struct tdir **);
RUMPRUN_API struct dirent *t_readdir(struct tdir *);
RUMPRUN_API void t_closedir(struct tdir *);
/* realpath(3) and getcwd(3) inside the kernel. */
#define t_realpath rumprun_t_realpath
#define t_getcwd rumprun_t_getcwd
RUMPRUN_API int t_getcwd(struct tool *, char out[1024]);
RUMPRUN_API int t_realpath(struct tool *, const char *path, char out[1024]);

/* fts(3): the same fields and meanings as in NetBSD's fts.h, for ls, cp, rm, chmod, chown. Declared in <rumprun/tool_fts.h>. */

/* The path in the kernel for a disk operand: `name` itself, or, where a host image is meant (linked, no such name in the kernel), a device attached to it.
 * raw: the character device. create_size > 0: make or extend the image. On error ends the tool with status 1 and err's message. */
#define t_diskpath rumprun_t_diskpath
RUMPRUN_API const char *t_diskpath(struct tool *, const char *name, bool raw,
    bool readonly, bool create, int64_t create_size);

/* Long work: tells the listener and answers SIGINFO through `report` ("%s %ju/%ju" by default). Cheap; call per unit of work. */
#define t_progress rumprun_t_progress
RUMPRUN_API void t_progress(
    struct tool *, const char *what, uint64_t done, uint64_t total);

/*
 * The whole main() of a multi-call executable (tool/shell.c): picks the tool by argv[0] (a directory and "rump." dropped), or by
 * argv[1] when argv[0] is none; connects to $RUMP_SERVER or boots a kernel for tools that take a host image; runs it.
 * `--list-tools` prints the names of the first group, the executable's own. Returns the exit status.
 */
RUMPRUN_API int rumprun_tools_main(
    int argc, char **argv, char **envp, const struct tool_group *const *groups);

#endif
