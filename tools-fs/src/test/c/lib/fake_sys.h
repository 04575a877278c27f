/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for tools without a kernel: a few names that stand for host files, and captured output.
 *
 * Enough system calls for tools that work on a disk image: open, close, read, write, pread, pwrite, lseek, stat, fstat,
 * ftruncate, fsync, clock_gettime and the disk's ioctls. Devices behave as a rump kernel's: a disk label covers the whole
 * image, the character device takes whole sectors only, nothing grows.
 */
#ifndef LIB_FAKE_SYS_H
#define LIB_FAKE_SYS_H

#include <rumprun/tool.h>

#define FAKE_NODES 8
#define FAKE_FDS 16

struct fake_node {
	char path[64], host[256];
	mode_t type; /* S_IFREG, S_IFBLK, S_IFCHR, S_IFDIR */
};

struct fake_sys {
	char dir[128]; /* of the host: new files come here */
	struct fake_node nodes[FAKE_NODES];
	int nnodes;
	struct {
		int hostfd; /* -1: not open */
		const struct fake_node *node;
		int64_t off;
		bool append;
	} fds[FAKE_FDS];
	uint64_t reads, writes; /* calls made */
	int64_t clock;		/* fixed when not 0 */
	/* Output and error output together, in order; status of the last tool. */
	char *out;
	size_t outlen, outsize;
	const char *in; /* standard input */
	/* Programs that spawn was asked for, one a line; what it returned comes from spawn_status. */
	char spawned[2048];
	int spawn_status;
	const struct tool_group *const *groups; /* tools that spawn runs for true */
};

/* Makes a scratch folder of the host. */
void fake_init(struct fake_sys *);
/* Removes the files that the nodes stand for, and the folder. */
void fake_fini(struct fake_sys *);
/* A name; `host` NULL: a file in the folder of the same last component, made when it isn't there. */
struct fake_node *fake_add(
    struct fake_sys *, const char *path, mode_t type, const char *host);
/* Makes the node's host file `size` bytes long, all zero. */
void fake_resize(struct fake_sys *, struct fake_node *, int64_t size);
/* Runs a command line (blanks separate words) with this main; its output replaces `out`. The status. */
int fake_run(struct fake_sys *, tool_main *, const char *line);
/* The host's file, whole. */
uint8_t *fake_read(struct fake_sys *, const char *host, size_t *lenp);

#endif
