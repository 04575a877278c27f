/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal's records, as numbers; for vfs/wapbl*.c alone. They stand in the host's byte order whatever the file system's is. */
#ifndef VFS_WAPBL_FORMAT_H
#define VFS_WAPBL_FORMAT_H

#include <netbsd/ffs.h>
#include <stdint.h>
#include <string.h>

#define WC_VERSION 1
#define WC_HEADER_LEN 80
#define WC_LIST_LEN 16	/* of a block or inode list's fixed part */
#define WC_BLOCK_LEN 16 /* of an entry */
#define WC_INODE_LEN 8
#define WC_UNIT 512 /* blocks are known in pieces of this size */

struct wc_header {
	uint32_t h_generation, h_logshift, h_fsshift;
	uint32_t h_fsid[2];
	int64_t h_head, h_tail, h_circoff, h_circsize;
	int64_t h_sec;
	uint32_t h_nsec;
};

static inline uint32_t
wc_get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t
wc_get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void
wc_put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void
wc_put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* Into a block of `len` bytes. */
static inline void
wc_header_encode(const struct wc_header *h, uint8_t *p, uint32_t len)
{
	memset(p, 0, len);
	wc_put32(p, WAPBL_WC_HEADER);
	wc_put32(p + 4, len);
	wc_put32(p + 12, h->h_generation);
	wc_put32(p + 16, h->h_fsid[0]);
	wc_put32(p + 20, h->h_fsid[1]);
	wc_put64(p + 24, (uint64_t)h->h_sec);
	wc_put32(p + 32, h->h_nsec);
	wc_put32(p + 36, WC_VERSION);
	wc_put32(p + 40, h->h_logshift);
	wc_put32(p + 44, h->h_fsshift);
	wc_put64(p + 48, (uint64_t)h->h_head);
	wc_put64(p + 56, (uint64_t)h->h_tail);
	wc_put64(p + 64, (uint64_t)h->h_circoff);
	wc_put64(p + 72, (uint64_t)h->h_circsize);
}

/* False: no header. */
static inline bool
wc_header_decode(const uint8_t *p, struct wc_header *h)
{
	h->h_generation = wc_get32(p + 12);
	h->h_fsid[0] = wc_get32(p + 16);
	h->h_fsid[1] = wc_get32(p + 20);
	h->h_sec = (int64_t)wc_get64(p + 24);
	h->h_nsec = wc_get32(p + 32);
	h->h_logshift = wc_get32(p + 40);
	h->h_fsshift = wc_get32(p + 44);
	h->h_head = (int64_t)wc_get64(p + 48);
	h->h_tail = (int64_t)wc_get64(p + 56);
	h->h_circoff = (int64_t)wc_get64(p + 64);
	h->h_circsize = (int64_t)wc_get64(p + 72);
	return wc_get32(p) == WAPBL_WC_HEADER && wc_get32(p + 36) == WC_VERSION;
}

#endif
