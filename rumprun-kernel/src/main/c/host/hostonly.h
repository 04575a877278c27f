/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the .c files of host/ include first: the host's headers, and then the
 * hypercalls without NetBSD's types, whose names are the host's own here.
 *
 * The numbers of NetBSD that cross this border are written as numbers, in
 * host/errno.c and in the NB_ constants below.
 */
#ifndef HOST_HOSTONLY_H
#define HOST_HOSTONLY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define _FILE_OFFSET_BITS 64

#include <sys/types.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define NETBSD_TYPES_H
#include "host/host.h"

/*
 * By system call, since the C library's functions of these names got new
 * versions. struct stat is here what the kernel fills.
 */
#ifdef __LP64__
#define FSTAT SYS_fstat
#define STATAT SYS_newfstatat
#else
#define FSTAT SYS_fstat64
#define STATAT SYS_fstatat64
#endif

#define NB_ACCMODE 3
#define NB_ENOMEM 12
#define NB_EBUSY 16
#define NB_EINVAL 22
#define NB_ETIMEDOUT 60

/* The negative NetBSD errno for a host's errno. */
int host_error(int hosterrno);

#endif
