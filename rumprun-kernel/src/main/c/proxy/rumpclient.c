/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpclient(3): the one connection that a process has by itself, to the server that its environment names.
 *
 * It survives what a process does: a fork gives the child a connection of its own, an exec hands the socket to the new program, and when the
 * server went away and came back, the connection is made anew if that is wanted. The public header goes with the host's types; the functions are
 * written here with types of the same size.
 */
#include <netbsd/errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "host/host.h"
#include "host/sock.h"
#include "host/sync.h"
#include "proxy/client.h"
#include "proxy/url.h"
#include "rump/implicit.h"

#define PUBLIC __attribute__((visibility("default")))
#define NSEC 1000000000

/* As in <rump/rumpclient.h>. */
#define RETRY_INFTIME (-1)
#define RETRY_ONCE (-2)
#define RETRY_DIE (-3)
#define CLOSE_FCLOSEM 2

/*
 * One connection and the calls that use it. A signal handler may make a call wherever a call is, so these are counted without a
 * lock. A link that another has taken the place of is closed with its last call, and its memory kept: a late counter may still look at it.
 */
struct link {
	struct proxy_client *ln_client;
	_Atomic int ln_refs; /* being the current one is one */
	_Atomic bool ln_closed;
	struct link *ln_older;
};

struct rumpclient {
	_Atomic(struct link *) rc_link;
	struct kmutex rc_lock;	    /* connecting anew; signals are blocked */
	_Atomic uintptr_t rc_owner; /* who does that */
	int rc_pid;
	char rc_url[256];
	char rc_parsed[256]; /* for RUMP__PARSEDSERVER, or "" */
	char rc_name[64];
};

/* What implicit_client keeps. */
struct slot {
	struct rumpclient *sl_client; /* NULL: not a client */
	_Atomic long sl_retry;	      /* rumpclient_setconnretry */
};

struct rumpclient_fork {
	uint8_t rf_cookie[WIRE_COOKIE];
};

PUBLIC int rumpclient_init(void);
PUBLIC int rumpclient_syscall(int, const void *, size_t, register_t *);
PUBLIC int rumpclient_fork(void);
PUBLIC int rumpclient_vfork(void);
PUBLIC struct rumpclient_fork *rumpclient_prefork(void);
PUBLIC int rumpclient_fork_init(struct rumpclient_fork *);
PUBLIC void rumpclient_fork_cancel(struct rumpclient_fork *);
PUBLIC int rumpclient_exec(const char *, char *const *, char *const *);
PUBLIC int rumpclient_daemon(int, int);
PUBLIC void rumpclient_setconnretry(long);
PUBLIC int rumpclient__closenotify(int *, int);

static void
say(const char *text)
{
	(void)host_fdwrite(2, text, strlen(text));
}

/* errno and -1. */
static int
fail(int error)
{
	(void)sock_host_errno(error);
	return -1;
}

static void
raise_signal(void *ctx, int signo)
{
	(void)ctx;
	sock_raise(signo);
}

static void
config_of(struct rumpclient *rc, struct proxy_client_config *config)
{
	memset(config, 0, sizeof(*config));
	config->pc_name = rc->rc_name;
	config->pc_raise = raise_signal;
	config->pc_signals = true;
}

/* --- the implicit connection --- */

static implicit_remote_t remote_syscall;

/* Made at its first use, which is before there are threads. */
static struct slot *
slot(void)
{
	struct slot *sl = implicit_client();

	if (sl == NULL && (sl = host_malloc(sizeof(*sl))) != NULL) {
		memset(sl, 0, sizeof(*sl));
		implicit_set_client(sl);
	}
	return sl;
}

static struct rumpclient *
current(void)
{
	struct slot *sl = implicit_client();

	return sl != NULL ? sl->sl_client : NULL;
}

static struct proxy_client *
client_of(struct rumpclient *rc)
{
	return atomic_load(&rc->rc_link)->ln_client;
}

/* The one before is gone. NULL: none. */
static int
set_current(struct rumpclient *rc)
{
	struct slot *sl = slot();

	if (sl == NULL)
		return -ENOMEM;
	sl->sl_client = rc;
	implicit_set_remote(rc != NULL ? remote_syscall : NULL, rc);
	return 0;
}

static long
retry_time(void)
{
	struct slot *sl = implicit_client();

	return sl != NULL ? atomic_load(&sl->sl_retry) : 0;
}

/* Where the server is. 0, or -ENOENT after saying so. */
static int
find_server(struct rumpclient *rc)
{
	const char *url = host_getenv("RUMP__PARSEDSERVER");
	struct sock_addr a;
	char why[256];
	bool relative, parsed = url != NULL;

	if (url == NULL)
		url = host_getenv("RUMP_SERVER");
	if (url == NULL) {
		say("error: RUMP_SERVER not set\n");
		return -ENOENT;
	}
	if (strlen(url) >= sizeof(rc->rc_url))
		return -ENAMETOOLONG;
	strcpy(rc->rc_url, url);
	if (parsed)
		strcpy(rc->rc_parsed, url);
	/* Made absolute once, so that a change of directory doesn't matter. */
	if (url_parse(url, false, &a, &relative, why, sizeof(why)) == 0 &&
	    relative && a.sa_path[0] == '/') {
		snprintf(rc->rc_url, sizeof(rc->rc_url), "unix://%s", a.sa_path);
		strcpy(rc->rc_parsed, rc->rc_url);
	}
	return 0;
}

static int
connect_guest(struct rumpclient *rc, bool quiet, struct proxy_client **clp)
{
	struct proxy_client_config config;
	char why[320];
	int error;

	config_of(rc, &config);
	why[0] = '\0';
	error = proxy_client_connect(rc->rc_url, &config, why, sizeof(why), clp);
	if (error != 0 && why[0] != '\0' && !quiet) {
		say(why);
		say("\n");
	}
	return error;
}

/* The socket that the program before this one left open: 1 when there is one. */
static int
take_execfd(struct rumpclient *rc, struct proxy_client **clp)
{
	const char *text = host_getenv("RUMPCLIENT__EXECFD");
	struct proxy_client_config config;
	char *end;
	long fd, other = -1;
	int error;

	if (text == NULL)
		return 0;
	fd = strtol(text, &end, 10);
	if (end != text && *end == ',')
		other = strtol(end + 1, &end, 10);
	sock_unsetenv("RUMPCLIENT__EXECFD");
	if (*end != '\0' || fd < 0 || fd > INT32_MAX)
		return -EINVAL;
	/* What NetBSD's library waits for signals with; it means nothing here. */
	if (other > 2 && other != fd && other <= INT32_MAX)
		sock_close((int)other);
	config_of(rc, &config);
	error = proxy_client_exec((int)fd, &config, clp);
	return error != 0 ? error : 1;
}

static int
make(struct rumpclient **rcp)
{
	struct rumpclient *rc = host_malloc(sizeof(*rc));
	int error;

	*rcp = NULL;
	if (rc == NULL)
		return -ENOMEM;
	memset(rc, 0, sizeof(*rc));
	rc->rc_pid = host_getpid();
	sock_progname(rc->rc_name, sizeof(rc->rc_name));
	if ((error = find_server(rc)) != 0) {
		host_free(rc);
		return error;
	}
	*rcp = rc;
	return 0;
}

/* Of a process that this one was forked from: nothing is said to the server. */
static void
abandon(struct rumpclient *rc)
{
	struct link *ln, *older;

	for (ln = atomic_load(&rc->rc_link); ln != NULL; ln = older) {
		older = ln->ln_older;
		if (!atomic_load(&ln->ln_closed))
			proxy_client_abandon(ln->ln_client);
		host_free(ln);
	}
	host_free(rc);
}

static int set_link(struct rumpclient *, struct proxy_client *);

int
rumpclient_init(void)
{
	struct rumpclient *rc = current();
	struct proxy_client *cl;
	int error;

	if (rc != NULL && rc->rc_pid == host_getpid())
		return 0;
	if ((error = set_current(NULL)) != 0)
		return fail(error);
	/* A child that came without rumpclient_fork: not its connection. */
	if (rc != NULL)
		abandon(rc);
	if ((error = make(&rc)) != 0)
		return fail(error);
	error = take_execfd(rc, &cl);
	if (error == 0)
		error = connect_guest(rc, false, &cl);
	if (error >= 0 && (error = set_link(rc, cl)) != 0)
		proxy_client_close(cl);
	if (error < 0) {
		host_free(rc);
		return fail(error);
	}
	(void)set_current(rc);
	return 0;
}

/* --- calls, and the loss of the server --- */

/* Tries as long as it is wanted, with the caller's signals let in between; rc_lock is this thread's. */
static struct proxy_client *
reconnect(struct rumpclient *rc, const struct sock_sigs *sigs)
{
	struct proxy_client *cl = NULL;
	struct sock_sigs all;
	long retry = retry_time();
	int64_t begin = host_linux.monotonic(), pause;

	if (retry == RETRY_DIE)
		sock_exit(1);
	if (retry == 0)
		return NULL;
	for (int attempt = 1; connect_guest(rc, true, &cl) != 0; attempt++) {
		if (retry == RETRY_ONCE ||
		    (retry > 0 &&
			host_linux.monotonic() - begin >= (int64_t)retry * NSEC))
			return NULL;
		if (attempt <= 10)
			pause = (int64_t)attempt * (NSEC / 10);
		else
			pause = (int64_t)(attempt - 10) * NSEC;
		if (pause > (int64_t)10 * NSEC)
			pause = (int64_t)10 * NSEC;
		sock_sigrestore(sigs);
		host_sleep_ns(pause);
		sock_sigblock(&all);
	}
	return cl;
}

static void
leave(struct link *ln)
{
	if (atomic_fetch_sub(&ln->ln_refs, 1) == 1 &&
	    !atomic_exchange(&ln->ln_closed, true))
		proxy_client_close(ln->ln_client);
}

/* The connection, for one call. */
static struct link *
enter(struct rumpclient *rc)
{
	struct link *ln;

	for (;;) {
		ln = atomic_load(&rc->rc_link);
		atomic_fetch_add(&ln->ln_refs, 1);
		if (atomic_load(&rc->rc_link) == ln)
			return ln;
		leave(ln);
	}
}

static int
set_link(struct rumpclient *rc, struct proxy_client *cl)
{
	struct link *ln = host_malloc(sizeof(*ln)), *old;

	if (ln == NULL)
		return -ENOMEM;
	ln->ln_client = cl;
	atomic_init(&ln->ln_refs, 1);
	atomic_init(&ln->ln_closed, false);
	ln->ln_older = old = atomic_load(&rc->rc_link);
	atomic_store(&rc->rc_link, ln);
	if (old != NULL)
		leave(old);
	return 0;
}

/*
 * A call found that `lost` is, and is done with it. True: there is a new connection. One thread makes it, the others wait; a handler
 * that runs while it waits for a server finds none.
 */
static bool
replace(struct rumpclient *rc, struct link *lost)
{
	struct proxy_client *cl;
	struct sock_sigs sigs;
	bool again;

	leave(lost);
	if (atomic_load(&rc->rc_owner) == sock_self())
		return false;
	sock_sigblock(&sigs);
	kmutex_enter(&rc->rc_lock);
	atomic_store(&rc->rc_owner, sock_self());
	if (atomic_load(&rc->rc_link) == lost && retry_time() != 0) {
		cl = reconnect(rc, &sigs);
		if (cl != NULL && set_link(rc, cl) != 0)
			proxy_client_close(cl);
	}
	again = atomic_load(&rc->rc_link) != lost;
	atomic_store(&rc->rc_owner, 0);
	kmutex_exit(&rc->rc_lock);
	sock_sigrestore(&sigs);
	return again;
}

static int
remote_syscall(void *ctx, int num, const void *args, size_t size, register_t *rv)
{
	struct rumpclient *rc = ctx;
	struct link *ln;
	bool lost;
	int error;

	do {
		ln = enter(rc);
		error = proxy_client_syscall(
		    ln->ln_client, num, args, size, rv, &lost);
		if (!lost) {
			leave(ln);
			return -error;
		}
	} while (replace(rc, ln));
	return sock_host_errno(-ENOTCONN);
}

int
rumpclient_syscall(int num, const void *args, size_t size, register_t *rv)
{
	struct rumpclient *rc = current();

	if (rc == NULL)
		return sock_host_errno(-ENOTCONN);
	return remote_syscall(rc, num, args, size, rv);
}

void
rumpclient_setconnretry(long retry)
{
	struct slot *sl = slot();

	if (sl != NULL && retry >= RETRY_DIE)
		atomic_store(&sl->sl_retry, retry);
}

/* --- fork and exec --- */

struct rumpclient_fork *
rumpclient_prefork(void)
{
	struct rumpclient *rc = current();
	struct rumpclient_fork *rf;
	struct link *ln;
	int error;

	if (rc == NULL) {
		(void)fail(-ENOTCONN);
		return NULL;
	}
	if ((rf = host_malloc(sizeof(*rf))) == NULL) {
		(void)fail(-ENOMEM);
		return NULL;
	}
	ln = enter(rc);
	error = proxy_client_prefork(ln->ln_client, rf->rf_cookie);
	leave(ln);
	if (error != 0) {
		host_free(rf);
		(void)fail(error);
		return NULL;
	}
	return rf;
}

int
rumpclient_fork_init(struct rumpclient_fork *rf)
{
	struct rumpclient *old = current(), *rc;
	struct proxy_client_config config;
	struct proxy_client *cl;
	char why[320];
	int error;

	if (old == NULL)
		return fail(-ENOTCONN);
	if ((rc = host_malloc(sizeof(*rc))) == NULL)
		return fail(-ENOMEM);
	/* Whatever its locks were doing when the other threads vanished. */
	memset(rc, 0, sizeof(*rc));
	rc->rc_pid = host_getpid();
	memcpy(rc->rc_url, old->rc_url, sizeof(rc->rc_url));
	memcpy(rc->rc_parsed, old->rc_parsed, sizeof(rc->rc_parsed));
	memcpy(rc->rc_name, old->rc_name, sizeof(rc->rc_name));
	config_of(rc, &config);
	error = proxy_client_fork(
	    rc->rc_url, &config, rf->rf_cookie, why, sizeof(why), &cl);
	(void)set_current(NULL);
	abandon(old);
	host_free(rf);
	if (error == 0 && (error = set_link(rc, cl)) != 0)
		proxy_client_close(cl);
	if (error != 0) {
		host_free(rc);
		return fail(error);
	}
	(void)set_current(rc);
	return 0;
}

/* The cookie stays with the server, where nobody will use it; so does NetBSD's library leave it. */
void
rumpclient_fork_cancel(struct rumpclient_fork *rf)
{
	host_free(rf);
}

int
rumpclient_fork(void)
{
	struct rumpclient_fork *rf = rumpclient_prefork();
	int pid;

	if (rf == NULL)
		return -1;
	pid = sock_fork();
	if (pid < 0) {
		rumpclient_fork_cancel(rf);
		return fail(pid);
	}
	if (pid == 0)
		return rumpclient_fork_init(rf);
	host_free(rf);
	return pid;
}

/* A child that shares its parent's memory could not keep a connection apart from its parent's. */
int
rumpclient_vfork(void)
{
	return rumpclient_fork();
}

static bool
is_ours(const char *entry)
{
	return strncmp(entry, "RUMPCLIENT__EXECFD=", 19) == 0 ||
	    strncmp(entry, "RUMP__PARSEDSERVER=", 19) == 0;
}

int
rumpclient_exec(const char *path, char *const argv[], char *const envp[])
{
	struct rumpclient *rc = current();
	struct proxy_client *cl = rc != NULL ? client_of(rc) : NULL;
	char fd[64], parsed[300], **env;
	size_t n = 0, m = 0;
	int error;

	if (envp == NULL)
		envp = sock_environ();
	while (envp != NULL && envp[n] != NULL)
		n++;
	if ((env = host_malloc((n + 3) * sizeof(*env))) == NULL)
		return fail(-ENOMEM);
	for (size_t i = 0; i < n; i++)
		if (rc == NULL || !is_ours(envp[i]))
			env[m++] = envp[i];
	if (rc != NULL) {
		snprintf(fd, sizeof(fd), "RUMPCLIENT__EXECFD=%d,-1",
		    proxy_client_fd(cl));
		env[m++] = fd;
		if (rc->rc_parsed[0] != '\0') {
			snprintf(parsed, sizeof(parsed),
			    "RUMP__PARSEDSERVER=%s", rc->rc_parsed);
			env[m++] = parsed;
		}
		sock_inherit(proxy_client_fd(cl), true);
	}
	env[m] = NULL;
	error = sock_exec(path, argv, env);
	if (rc != NULL)
		sock_inherit(proxy_client_fd(cl), false);
	host_free(env);
	return fail(error);
}

int
rumpclient_daemon(int nochdir, int noclose)
{
	struct rumpclient_fork *rf = rumpclient_prefork();
	int pid, error;

	if (rf == NULL)
		return -1;
	if ((pid = sock_fork()) < 0) {
		rumpclient_fork_cancel(rf);
		return fail(pid);
	}
	if (pid > 0)
		sock_exit(0);
	if ((error = sock_daemon(nochdir != 0, noclose != 0)) != 0)
		return fail(error);
	return rumpclient_fork_init(rf);
}

/* --- descriptors --- */

/* Keeps the socket out of the way; of a close of all from *fdp on, the program does the part behind it. */
int
rumpclient__closenotify(int *fdp, int variant)
{
	struct rumpclient *rc = current();
	struct proxy_client *cl;
	int ours, error = 0;

	if (rc == NULL)
		return 0;
	cl = client_of(rc);
	ours = proxy_client_fd(cl);
	if (variant == CLOSE_FCLOSEM) {
		if (*fdp > ours)
			return 0;
		for (int fd = *fdp < 0 ? 0 : *fdp; fd < ours; fd++)
			sock_close(fd);
		*fdp = ours + 1;
		return 0;
	}
	if (*fdp == ours)
		error = proxy_client_movefd(cl, ours + 1);
	return error != 0 ? fail(error) : 0;
}
