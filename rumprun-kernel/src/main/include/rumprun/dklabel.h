/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BSD disk labels as bytes: what lies in a disk's label sector, of either byte
 * order, and what NetBSD asks of one (disklabel(5)). For the kernel and tools;
 * pure functions.
 */
#ifndef RUMPRUN_DKLABEL_H
#define RUMPRUN_DKLABEL_H

#include <netbsd/disklabel.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef RUMPRUN_API
#define RUMPRUN_API __attribute__((visibility("default")))
#endif

/* A label on the disk: 148 bytes, and 16 for each of d_npartitions. */
#define DKLABEL_BYTES(npart) ((size_t)148 + (size_t)(npart)*16)

/* d_checksum as it must be: the exclusive or of all 16-bit words but its own. d_npartitions is at most MAXPARTITIONS. */
RUMPRUN_API uint16_t rumprun_dklabel_sum(const struct disklabel *);
/*
 * The label in `n` bytes at `p`. *swapped (may be NULL): it is of the other byte order than x86's. 0; -ESRCH: no label there; -EINVAL: a damaged one (more
 * than MAXPARTITIONS partitions, cut short, or a wrong sum). Partitions past d_npartitions are zero.
 */
RUMPRUN_API int rumprun_dklabel_decode(
    const void *p, size_t n, struct disklabel *, bool *swapped);
/* The reverse; `n` is at least DKLABEL_BYTES(d_npartitions), and nothing behind that is touched. Sets magic numbers and sum in the bytes. -EINVAL: no room. */
RUMPRUN_API int rumprun_dklabel_encode(
    const struct disklabel *, void *p, size_t n, bool swapped);
/*
 * Where in the first `n` bytes of a disk (or of its MBR's NetBSD partition) a label is: the label sector's offset 0 on x86, but also 64 and 128
 * in the first two sectors, where other NetBSD ports have it. 0 and *offp, or -ESRCH.
 */
RUMPRUN_API int rumprun_dklabel_find(
    const void *p, size_t n, unsigned secsize, size_t *offp);

#endif
