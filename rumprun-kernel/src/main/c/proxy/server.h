/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the server: connections, the threads that serve them, and the processes behind them.
 *
 * A connection has no thread of its own. A worker attends to it: reads a frame, and when that is a system call, stops reading and
 * executes it. Whoever then needs input from the client reads it himself:
 *
 * 1. c_reading: at most one thread reads. A call that waits for its client's answer to a copy reads if nobody does; a system call that it meets
 *    goes to c_backlog, for a worker.
 * 2. A thread that stops reading while calls wait for answers makes one of those read on (conn_pass); if more input is there already, a worker is
 *    called as well, so that the calls of a client's threads run in parallel.
 *    A client that showed that it has several threads (a request waited while a long call ran) gets such a worker with each call for a while.
 * 3. A call that is about to sleep calls a worker when nobody reads (the uspace's presleep).
 * 4. c_end (input is over) is final. The last thread to leave (no reader, no call) ends the process and shuts the socket: conn_settle.
 *    An EXEC handshake is finished in the same place, once the calls of the old image are gone.
 *
 * Locks: c_lock, then ps_lock; c_wlock (output, held while sending) is taken with neither. None is held while the kernel is called, but both
 * may be taken below a sleeping call's mutex, so wake-ups of lwps are done without them.
 */
#ifndef PROXY_SERVER_H
#define PROXY_SERVER_H

#include "kern/file.h"
#include "proxy/proxy.h"
#include "proxy/wire.h"
#include "host/sock.h"

#define CONN_MAX 255 /* 256 slots, one is the listener's */
#define WORKER_MAX (CONN_MAX + 128)
#define WORKER_IDLE 16 /* kept when there is nothing to do */
#define LISTENER_MAX 8
#define PREFORK_MAX 256 /* cookies that nobody has taken up */
#define BACKLOG_MAX \
	512 /* system calls of one connection that wait for a worker */
#define NAME_MAX_PROG 256 /* of a handshake's name; the rest is skipped */

/* Of a call's output: what copies may fill, so that the response fits behind. */
#define CALL_OUT (1024 - WIRE_HEAD - sizeof(struct wire_sysresp))

/* A system call being served. */
struct call {
	struct call *ca_next; /* of c_backlog (allocated), else unused */
	struct conn *ca_conn;
	uint64_t ca_reqno;
	uint32_t ca_num;
	size_t ca_outlen; /* of ca_out: frames that go with the next send */
	uint64_t ca_args[WIRE_ARGS / 8];
	uint8_t ca_out[1024];
};

/* A call that waits for the client's answer to a copy; lives on its stack. */
struct answer {
	struct answer *an_next;
	uint64_t an_reqno;
	uint8_t *an_to;
	size_t an_len, an_got;
	bool an_exact, an_filling, an_done;
	bool an_waiting; /* its thread sleeps on an_cond: it can read */
	int an_error;
	struct kcond an_cond;
};

struct conn {
	struct proxy_state *c_ps;
	struct conn *c_next;	 /* of ps_conns; ps_lock */
	struct conn *c_qnext;	 /* of ps_queue; ps_lock */
	bool c_queued;		 /* ps_lock */
	_Atomic unsigned c_refs; /* list, queue, worker, stop */
	int c_fd;

	struct kmutex c_lock;
	bool c_reading, c_end, c_gone;
	bool c_inexec;
	int c_ncalls; /* being executed */
	int c_nbacklog;
	struct call *c_backlog, **c_backlogend;
	struct answer *c_answers;
	struct proc *c_proc;
	uint64_t c_execreqno;
	char c_execname[MAXCOMLEN + 1];

	_Atomic uint64_t c_nextreq;
	_Atomic uint64_t c_raises; /* signals still to be told: bits */
	_Atomic int c_eager; /* calls to come that get a successor at once */
	_Atomic bool c_mute; /* answers are no longer wanted */
	_Atomic bool c_held; /* the descriptor is somebody else's */
	struct kmutex c_wlock;

	/* The reader's. */
	size_t c_rpos, c_rlen;
	uint8_t c_rbuf[8192];
};

struct worker {
	struct worker *wk_next; /* of ps_dead */
	struct proxy_state *wk_ps;
	struct host_thread *wk_thread;
};

struct prefork {
	struct prefork *pf_next;
	uint8_t pf_cookie[WIRE_COOKIE];
	struct proc *pf_proc;
};

struct listener {
	int li_fd;
	char li_path[108];  /* to unlink, or "" */
	uint64_t li_pathid; /* if it is this; another server's may be there */
};

struct proxy_state {
	struct rump_kernel *ps_k;
	struct host_thread *ps_watcher;
	int ps_event;

	struct kmutex ps_lock;
	struct kcond ps_jobcond;  /* ps_queue grew, or the end */
	struct kcond ps_gonecond; /* ps_nconns or ps_nworkers went down */
	struct conn *ps_conns, *ps_queue, **ps_queueend;
	int ps_nconns, ps_nworkers, ps_nidle, ps_nlisteners, ps_npreforks;
	struct listener ps_listeners[LISTENER_MAX];
	struct prefork *ps_preforks;
	struct worker *ps_dead;
	bool ps_stopping;
	_Atomic(proxy_held_t) ps_held; /* set after ps_heldctx */
	void *ps_heldctx;
};

/* server.c */
/* A worker will attend to this connection soon. c_lock may be held. */
void server_attend(struct conn *);
void conn_get(struct conn *);
void conn_put(struct conn *);
/* The connection leaves the list; its list reference goes. */
void server_remove(struct conn *);

/* conn.c */
/* A worker's work: serves until somebody else reads or all is over. */
void conn_attend(struct conn *);
/* Input is over, by whichever way. c_lock held, is left and taken again. */
void conn_end(struct conn *);
/* Forgets system calls that wait for a worker; c_lock held. */
void conn_dropbacklog(struct conn *);
/* Ends what can be ended now that a thread leaves; c_lock held, likewise. */
void conn_settle(struct conn *);
/* The reader stopped, and c_reading is false: who reads on? c_lock held. */
void conn_pass(struct conn *);
/* Sends; a failure ends the connection. 0 or a negative errno. */
int conn_send(struct conn *, struct sock_vec *, int count);
int conn_reply(struct conn *, uint64_t reqno, unsigned class, unsigned type,
    uint32_t word, const void *body, size_t n);

/* input.c: the reader's functions */
/* Reads a frame and acts on it: 1 with a system call in *call, 0, or -1 when the connection is over. */
int conn_frame(struct conn *, struct call *);

/* guest.c */
extern const struct uspace_ops guest_uspace;
/* A process for a GUEST handshake; for a FORK one (-ESRCH: no such cookie; 1: it was cancelled). */
int guest_create(struct conn *, const char *name) MUST_CHECK;
int guest_fork(
    struct conn *, const uint8_t cookie[WIRE_COOKIE], bool cancel) MUST_CHECK;
int guest_prefork(struct conn *, uint8_t cookie[WIRE_COOKIE]) MUST_CHECK;
/* The process's program becomes another: descriptors, name. */
void guest_exec(struct conn *, const char *name);
void guest_end(struct conn *);
void guest_dropforks(struct proxy_state *);

/* uspace.c */
/* Tells signals that are still to be told, if that can be done now. */
void conn_raise(struct conn *);

#endif
