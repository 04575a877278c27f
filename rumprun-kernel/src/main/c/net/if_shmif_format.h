/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of the bus of shmif, as it lies in its file. */
#ifndef NET_IF_SHMIF_FORMAT_H
#define NET_IF_SHMIF_FORMAT_H

#define SHMIF_MAGIC 0xca11d054U
#define SHMIF_VERSION 3
#define BUSMEM_SIZE 1048576
#define BUSMEM_DATASIZE 1048544U
#define IFMEM_WAKEUP 4 /* where the file is written to, to wake up */
#define SHMIF_MAXFRAME 1514

#endif
