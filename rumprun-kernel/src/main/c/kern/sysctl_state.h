/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kern/sysctl*.c files share. */
#ifndef KERN_SYSCTL_STATE_H
#define KERN_SYSCTL_STATE_H

#include "kern/sysctl.h"

struct sysctl_node {
	const struct sysctl_def *n_def; /* NULL: the root */
	void *n_ctx;
	int n_num;
	uint32_t n_ver;
	struct sysctl_node *n_parent;
	struct sysctl_node **n_child; /* by number */
	uint32_t n_nchild, n_room;
};

/* The nodes of one table, in one piece. */
struct sysctl_arena {
	struct sysctl_arena *a_next;
	size_t a_size;
	struct sysctl_node a_node[];
};

struct sysctl_state {
	struct krwlock ss_lock; /* the tree's shape */
	struct kmutex
	    ss_strlock; /* host and domain name, and other strings that change */
	struct sysctl_node ss_root;
	struct sysctl_arena *ss_arenas;
	uint32_t ss_ver;
	int ss_lastnum;
	struct sysctl_vfs ss_vfs;
	bool ss_ffs; /* its names are there */
	/* Of sysctl_base_table. */
	int64_t ss_start_ns;
	_Atomic int32_t ss_physmem, ss_direct_select, ss_timestepwarnings;
	_Atomic int64_t ss_physmem64;
	_Atomic int32_t ss_maxkvasz, ss_maxloankvasz, ss_maxbigpipes;
	_Atomic int32_t ss_semmax, ss_semcnt, ss_autotime;
	_Atomic bool ss_autoload, ss_modverbose;
	char ss_firmware_path[1025];
};

/* kern/sysctl_proc.c */
int sysctl_file(struct sysctl_call *);
int sysctl_file2(struct sysctl_call *);
int sysctl_uidinfo(struct sysctl_call *);

#endif
