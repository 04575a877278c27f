/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock order, top first: who holds a lock takes only locks that stand below it.
 *
 *  1  mount list change          k_vfs->vs_mountlock      (mount, unmount, remount; serializes them)
 *  2  mount busy                 mnt_busylock             (shared: every call inside the mount; exclusive: unmount, update)
 *  3  rename                     mnt_renamelock           (directory renames of one mount)
 *    disk unit                  dk_lock                  (dev/disk.h: opens, labels, configuration; a unit before what it stands on; but a disk, then
 *                                                          ds_wedges, before its own wedges, which never take it)
 *  4  vnode                      v_lock                   (shared/exclusive; two vnodes: ancestor first, else by rename's rules;
 *                                                          a file after its directory)
 *                                                          a file system on a file of another has its 4 to 8 above that one's
 *  5  transaction                wl_rwlock                (WAPBL: shared while a transaction is open)
 *  6  inode allocation, cylinder group, quota:            (file system's own, below its vnodes)
 *  7  buffer                     b_busy                   (cylinder group before inode block before indirect block before data;
 *                                                          otherwise by ascending offset)
 *  8  buffer cache               bc_lock
 *  9  vnode cache, name cache    vcache bucket, ncache bucket, v_interlock, LRU list
 *    network (net/net.h)         ns_lock                  (shared: whoever runs the stack; exclusive: configuration)
 *    socket                      so_lock                  (a listener before those of its queue; PF_ROUTE's after any other)
 *    network tables              control blocks, neighbours, reassembly, queues of interfaces, ns_inqlock: one at a time
 * 10  process tree               k_proclock
 * 11  process                    p_lock
 * 12  descriptor table           fd_lock
 * 13  file                       f_lock
 * 14  pipe, kqueue, selinfo, console, fifo buffers
 * 15  lwp                        l_lock
 * 16  leaf: allocator accounting, sysctl tree, statistics
 *
 * Nothing is held while user memory is copied to or from a remote client, but a vnode (4) and what stands above it.
 */
#ifndef KERN_LOCKS_H
#define KERN_LOCKS_H
#include "host/sync.h"
#endif
