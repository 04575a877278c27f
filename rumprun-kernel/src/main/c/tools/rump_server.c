/* SPDX-License-Identifier: BSD-2-Clause */
/* rump_server and rump_allserver: a kernel in a program of its own, for clients. */
#include <netbsd/errno.h>
#include <netbsd/module.h>
#include <netbsd/reboot.h>
#include <netbsd/syscallargs.h>
#include "dev/etfs.h"
#include "host/sock.h"
#include "kern/components.h"
#include "kern/config.h"
#include "kern/services.h"
#include "proxy/proxy.h"
#include "tools/server.h"
#include "tools/tools.h"

#define MAXLIBRARIES 128
#define STATUS_PANIC 3 /* a kernel that cannot boot */

struct string {
	struct string *next;
	const char *s;
};

struct server {
	struct tool *sv_t;
	struct rump_kernel *sv_k;
	struct host_stop *sv_stop;
	bool sv_foreground, sv_all;
	const char *sv_ncpu, *sv_memlimit, *sv_url;
	bool sv_verbose;
	const char *sv_libs[MAXLIBRARIES + 1];
	int sv_nlibs;
	struct string *sv_modules, **sv_modulesend;
	struct drive *sv_drives, **sv_drivesend;
	_Atomic int sv_howto;
	/* Who asked to halt, until it is done; sv_conslock. */
	struct waiting {
		int fd;
		size_t len;
		char answer[128];
	} sv_waiting[8];
	int sv_nwaiting;
	int sv_daemon; /* who waits for word, -1: nobody */
	/* Console text before the server listens comes after the tool's own. */
	struct kmutex sv_conslock;
	bool sv_consdirect;
	size_t sv_conslen;
	char sv_cons[8192];
};

/* --- the console: standard output --- */

/* sv_conslock held. */
static void
console_flush(struct server *sv)
{
	(void)host_fdwrite(1, sv->sv_cons, sv->sv_conslen);
	sv->sv_conslen = 0;
}

static void
console(void *ctx, const char *text, size_t n)
{
	struct server *sv = ctx;

	kmutex_enter(&sv->sv_conslock);
	if (sv->sv_consdirect || n > sizeof(sv->sv_cons) - sv->sv_conslen)
		console_flush(sv);
	if (sv->sv_consdirect || n > sizeof(sv->sv_cons))
		(void)host_fdwrite(1, text, n);
	else {
		memcpy(sv->sv_cons + sv->sv_conslen, text, n);
		sv->sv_conslen += n;
	}
	kmutex_exit(&sv->sv_conslock);
}

static void
console_direct(struct server *sv)
{
	kmutex_enter(&sv->sv_conslock);
	console_flush(sv);
	sv->sv_consdirect = true;
	kmutex_exit(&sv->sv_conslock);
}

/* --- options --- */

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: %s [-s] [-c ncpu] [-d drivespec] [-l libs] "
	    "[-m modules] bindurl\n",
	    t->t_progname);
	t_exit(t, 1);
}

static void
add_module(struct server *sv, const char *path)
{
	struct string *m = t_malloc(sv->sv_t, sizeof(*m));

	m->next = NULL;
	m->s = path;
	*sv->sv_modulesend = m;
	sv->sv_modulesend = &m->next;
}

static void
add_drive(struct server *sv, const char *spec)
{
	struct drive *d = t_malloc(sv->sv_t, sizeof(*d));

	if (!drive_parse(sv->sv_t, spec, d))
		usage(sv->sv_t);
	*sv->sv_drivesend = d;
	sv->sv_drivesend = &d->dr_next;
}

/* A component by the name of NetBSD's library for it: "rumpvfs", "librumpvfs.so.0", with or without a folder. */
static bool
add_library(struct server *sv, const char *arg)
{
	const char *slash = strrchr(arg, '/');
	char *name = t_strdup(sv->sv_t, slash != NULL ? slash + 1 : arg), *so;

	if ((so = strstr(name, ".so")) != NULL)
		*so = '\0';
	if ((strncmp(name, "rump", 4) != 0 && strncmp(name, "librump", 7) != 0) ||
	    component_find(name) < 0)
		return false;
	for (int i = 0; i < sv->sv_nlibs; i++)
		if (strcmp(sv->sv_libs[i], name) == 0)
			return true;
	if (sv->sv_nlibs < MAXLIBRARIES)
		sv->sv_libs[sv->sv_nlibs++] = name;
	return true;
}

/* Whichever can be loaded is; then the last of the others is told, in the words of the last attempt at it. */
static void
add_libraries(struct server *sv, const struct string *libs)
{
	const char *bad = NULL;

	for (const struct string *lib = libs; lib != NULL; lib = lib->next)
		if (!add_library(sv, lib->s))
			bad = lib->s;
	if (bad == NULL)
		return;
	t_eprintf(sv->sv_t,
	    "failed to load -libraries, last error from \"%s\":\n"
	    "  lib%s.so: cannot open shared object file: "
	    "No such file or directory\n",
	    bad, bad);
	t_exit(sv->sv_t, 1);
}

static void
options(struct server *sv, int argc, char **argv)
{
	struct tool *t = sv->sv_t;
	struct string *libs = NULL, **end = &libs, *lib;
	int c;

	/* The reference's words for a wrong option are those of the C library it was built with. */
	t->t_opt.opterr = 0;
	while ((c = t_getopt(t, argc, argv, ":c:d:l:m:r:sv")) != -1) {
		switch (c) {
		case 'c':
			sv->sv_ncpu = t->t_opt.optarg;
			break;
		case 'd':
			add_drive(sv, t->t_opt.optarg);
			break;
		case 'l':
			lib = t_malloc(t, sizeof(*lib));
			lib->next = NULL;
			lib->s = t->t_opt.optarg;
			*end = lib;
			end = &lib->next;
			break;
		case 'm':
			add_module(sv, t->t_opt.optarg);
			break;
		case 'r':
			sv->sv_memlimit = t->t_opt.optarg;
			break;
		case 's':
			sv->sv_foreground = true;
			break;
		case 'v':
			sv->sv_verbose = true;
			break;
		case ':':
			t_eprintf(t,
			    "%s: option requires an argument -- "
			    "'%c'\n",
			    t->t_progname, t->t_opt.optopt);
			usage(t);
		default:
			t_eprintf(t, "%s: invalid option -- '%c'\n",
			    t->t_progname, t->t_opt.optopt);
			usage(t);
		}
	}
	if (argc - t->t_opt.optind != 1)
		usage(t);
	sv->sv_url = argv[t->t_opt.optind];
	add_libraries(sv, libs);
}

/* --- starting --- */

static void
asked_to_halt(void *ctx, int howto)
{
	struct server *sv = ctx;

	atomic_store(&sv->sv_howto, howto);
	host_stop_raise(sv->sv_stop);
}

static bool
hold(void *ctx, int fd, const void *answer, size_t n)
{
	struct server *sv = ctx;
	struct waiting *w;
	bool room;

	kmutex_enter(&sv->sv_conslock);
	room = sv->sv_nwaiting < 8 && n <= sizeof(w->answer);
	if (room) {
		w = &sv->sv_waiting[sv->sv_nwaiting++];
		w->fd = fd;
		w->len = n;
		memcpy(w->answer, answer, n);
	}
	kmutex_exit(&sv->sv_conslock);
	return room;
}

/* All is on the disks, and no longer in use. */
static void
answer_waiting(struct server *sv)
{
	for (int i = 0; i < sv->sv_nwaiting; i++) {
		struct waiting *w = &sv->sv_waiting[i];
		struct sock_vec v = { .sv_base = w->answer, .sv_len = w->len };

		(void)sock_sendv(w->fd, &v, 1, NULL);
		sock_close(w->fd);
	}
}

static int
boot(struct server *sv)
{
	struct kern_config kc = {
		.kc_components = sv->sv_all ? NULL : sv->sv_libs,
		.kc_consout = console,
		.kc_consctx = sv,
		.kc_halt = asked_to_halt,
		.kc_haltctx = sv,
	};
	int error;

	if (kern_config_env(&kc) != 0 ||
	    (sv->sv_ncpu != NULL &&
		kern_config_set(&kc, "RUMP_NCPU", sv->sv_ncpu) != 0) ||
	    (sv->sv_memlimit != NULL &&
		kern_config_set(&kc, "RUMP_MEMLIMIT", sv->sv_memlimit) != 0))
		return STATUS_PANIC;
	if (sv->sv_verbose)
		kc.kc_verbose = true;
	if ((error = kern_boot(&kc, &sv->sv_k)) != 0) {
		t_eprintf(sv->sv_t, "rump init failed: %s\n", t_strerror(error));
		return -error;
	}
	return 0;
}

/* modctl(2) by a process of its own. */
static int
load(struct rump_kernel *k, const char *path)
{
	struct sys_modctl_args args;
	struct modctl_load ml = { .ml_filename = path };
	register_t rv[2];
	struct proc *p;
	struct lwp *l;
	int error;

	if ((error = proc_fork(k, NULL, RFCFDG, NULL, &p)) != 0)
		return error;
	if ((error = lwp_create(p, &l)) == 0) {
		memset(&args, 0, sizeof(args));
		SCARG(&args, cmd) = MODCTL_LOAD;
		SCARG(&args, arg) = &ml;
		error = kern_syscall(l, SYS_modctl, &args, rv);
		lwp_destroy(l);
	}
	proc_exit(p, NULL, 0);
	return error;
}

static int
load_modules(struct server *sv)
{
	int error;

	for (struct string *m = sv->sv_modules; m != NULL; m = m->next) {
		error = etfs_register(sv->sv_k, "/module.mod", m->s, ETFS_REG,
		    0, ETFS_SIZE_TOEND);
		if (error != 0) {
			t_eprintf(sv->sv_t,
			    "module etfs register failed: "
			    "%s\n",
			    t_strerror(error));
			return -error;
		}
		error = load(sv->sv_k, "/module.mod");
		if (error != 0) {
			t_eprintf(sv->sv_t, "module load failed: %s\n",
			    t_strerror(error));
			return -error;
		}
		if ((error = etfs_remove(sv->sv_k, "/module.mod")) != 0)
			return -error;
	}
	return 0;
}

static int
serve(struct server *sv)
{
	char why[320];
	int error;

	error = proxy_listen_why(sv->sv_k, sv->sv_url, why, sizeof(why));
	if (error == 0) {
		proxy_hold(sv->sv_k, hold, sv);
		return 0;
	}
	if (why[0] != '\0')
		t_eprintf(sv->sv_t, "%s\n", why);
	t_eprintf(sv->sv_t, "rump server init failed: %s\n", t_strerror(error));
	return -error;
}

static int
start(struct server *sv)
{
	int error;

	if ((error = boot(sv)) != 0)
		return error;
	if ((error = load_modules(sv)) != 0)
		return error;
	for (struct drive *d = sv->sv_drives; d != NULL; d = d->dr_next)
		if ((error = drive_register(sv->sv_t, sv->sv_k, d)) != 0)
			return error;
	return serve(sv);
}

/* --- stopping --- */

static void
stop(struct server *sv)
{
	static const char text[] = "unmounting done\nhalted\n";
	bool nosync = (atomic_load(&sv->sv_howto) & RB_NOSYNC) != 0;

	proxy_stop(sv->sv_k);
	halt_message_begin(sv->sv_k, nosync);
	kern_halt(sv->sv_k, nosync, NULL);
	(void)host_fdwrite(1, text, sizeof(text) - 1);
	answer_waiting(sv);
}

int
rump_server_main(struct tool *t, int argc, char **argv)
{
	struct server *sv = t_calloc(t, 1, sizeof(*sv));
	int error;

	sv->sv_t = t;
	sv->sv_daemon = -1;
	sv->sv_all = strcmp(t->t_progname, "rump_allserver") == 0;
	sv->sv_modulesend = &sv->sv_modules;
	sv->sv_drivesend = &sv->sv_drives;
	options(sv, argc, argv);
	if (!sv->sv_foreground &&
	    (error = host_daemon_begin(&sv->sv_daemon)) != 0)
		t_fail(t, 1, error, "rump daemonize");
	if ((error = host_stop_create(&sv->sv_stop)) != 0)
		t_fail(t, 1, error, "signals");
	error = start(sv);
	console_direct(sv);
	if (sv->sv_daemon != -1)
		(void)host_daemon_done(sv->sv_daemon, error);
	if (error == 0) {
		host_stop_wait(sv->sv_stop);
		stop(sv);
	} else if (sv->sv_k != NULL)
		kern_halt(sv->sv_k, true, NULL);
	host_stop_destroy(sv->sv_stop);
	return error;
}
