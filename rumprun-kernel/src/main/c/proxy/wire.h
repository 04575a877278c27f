/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wire format of sysproxy 0.4: integers in the native layout of both peers, which must be of the same ABI.
 *
 * Every message is a header of 24 bytes and w_len - 24 bytes of body. Source: the tables of facts, sysproxy.tsv.
 */
#ifndef PROXY_WIRE_H
#define PROXY_WIRE_H

#include <netbsd/types.h>
#include <string.h>

#define WIRE_REQ 0
#define WIRE_RESP 1
#define WIRE_ERROR 2

#define WIRE_HANDSHAKE 0
#define WIRE_SYSCALL 1
#define WIRE_COPYIN 2
#define WIRE_COPYINSTR 3
#define WIRE_COPYOUT 4
#define WIRE_COPYOUTSTR 5
#define WIRE_ANONMMAP 6
#define WIRE_PREFORK 7
#define WIRE_RAISE 8

#define WIRE_GUEST 0
#define WIRE_AUTH 1
#define WIRE_FORK 2
#define WIRE_EXEC 3

#define WIRE_ERR_NONE 0
#define WIRE_ERR_TRYAGAIN 1
#define WIRE_ERR_AUTH 2
#define WIRE_ERR_PREFORK 3
#define WIRE_ERR_RFORK 4
#define WIRE_ERR_INEXEC 5
#define WIRE_ERR_NOMEM 6
#define WIRE_ERR_MALFORMED 7

#define WIRE_HEAD 24   /* bytes of a header */
#define WIRE_BANNER 96 /* of a banner, with its NUL */
#define WIRE_COOKIE 16
#define WIRE_FORKSIZE (WIRE_COOKIE + 4)
/* The longest frame that is taken: more than any call moves at once. */
#define WIRE_MAX ((uint64_t)(8 << 20) + 4096)
/* The longest argument block that any call has, with room. */
#define WIRE_ARGS 256

#ifdef __LP64__
#define WIRE_MACHINE "amd64"
#else
#define WIRE_MACHINE "i386"
#endif

struct wire_head {
	uint64_t w_len; /* with the header */
	uint64_t w_reqno;
	uint16_t w_class, w_type;
	uint32_t w_word; /* call, error, handshake kind, signal */
};

struct wire_copy {
	size_t wc_len;
	void *wc_addr;
};

struct wire_sysresp {
	int32_t ws_error;
	register_t ws_rv[2];
};

_Static_assert(sizeof(struct wire_head) == WIRE_HEAD, "header");
_Static_assert(sizeof(struct wire_copy) == 2 * sizeof(void *), "copy");
_Static_assert(sizeof(struct wire_sysresp) == 3 * sizeof(register_t), "resp");

static inline void
wire_put_head(void *to, uint64_t body, uint64_t reqno, unsigned class,
    unsigned type, uint32_t word)
{
	struct wire_head h = { body + WIRE_HEAD, reqno, (uint16_t) class,
		(uint16_t)type, word };

	memcpy(to, &h, sizeof(h));
}

static inline void
wire_get_head(const void *from, struct wire_head *h)
{
	memcpy(h, from, sizeof(*h));
}

/* Lengths between which the protocol still makes sense. */
static inline bool
wire_head_ok(const struct wire_head *h)
{
	return h->w_len >= WIRE_HEAD && h->w_len <= WIRE_MAX;
}

#endif
