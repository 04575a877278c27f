/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bus of shmif: a ring of Ethernet frames in a file that processes share, version 3 of NetBSD's.
 *
 * Anybody who has the file mapped may change any byte of it at any time, and may die or stop while he holds its lock. So every number is read once, then
 * checked; what does not fit together is given up (frames are lost, as on any Ethernet), never followed.
 */
#ifndef NET_IF_SHMIF_BUS_H
#define NET_IF_SHMIF_BUS_H

#include "net/if_shmif_format.h"
#include "net/mbuf.h"

struct shmif_mem {
	_Atomic uint32_t shm_magic;
	_Atomic uint32_t shm_version;
	_Atomic uint64_t shm_gen;
	_Atomic uint32_t shm_first, shm_last, shm_lock;
	/*
	 * Who of our implementation holds the lock (process id), 0 while it is free: a word that NetBSD does not use. It shortens the wait for one who died.
	 */
	_Atomic uint32_t shm_owner;
	uint8_t shm_data[BUSMEM_DATASIZE];
};
_Static_assert(sizeof(struct shmif_mem) == BUSMEM_SIZE, "layout of the bus");

struct shmif_pkthdr {
	uint32_t sp_len;
	uint32_t sp_sec, sp_usec; /* sender's uptime */
	uint64_t sp_sender;
};
_Static_assert(sizeof(struct shmif_pkthdr) == (sizeof(void *) == 8 ? 24 : 20),
    "layout of a frame's header");

/* A bus as one process has it mapped. */
struct shmif_bus {
	struct shmif_mem *b_mem;
	uint32_t b_pid; /* what this process puts into shm_owner */
};

/* A reader's place. */
struct shmif_reader {
	uint32_t sr_pos; /* where the next frame will begin */
	uint64_t sr_gen;
	/* What the bus said when all was read: as long as it says that, there is nothing new. */
	uint32_t sr_seenlast;
	uint64_t sr_seengen;
};

/* Which frames a reader wants. */
struct shmif_want {
	uint64_t sw_self; /* sender whose frames are not wanted */
	const uint8_t *sw_lladdr;
	bool sw_promisc;
};

/* A new bus (all zeros) gets its first words; another one is only looked at. -ENOEXEC: it is something else. */
int shmif_bus_init(struct shmif_bus *) MUST_CHECK;
/* After the file was cut, and made whole with zeros: whatever is left is a bus again. */
void shmif_bus_restart(struct shmif_bus *);
/* From here on: only what comes now is read. */
void shmif_bus_join(struct shmif_bus *, struct shmif_reader *);
/* A frame onto the bus: hlen bytes of header (maybe none), and len bytes at off of a chain; 14 to SHMIF_MAXFRAME in all. */
void shmif_bus_write(struct shmif_bus *, const void *header, uint32_t hlen,
    const struct mbuf *, uint32_t off, uint32_t len, uint64_t sender,
    int64_t uptime_ns);
/* Might there be something? Takes no lock. */
static inline bool
shmif_bus_pending(struct shmif_bus *b, const struct shmif_reader *r)
{
	return atomic_load_explicit(&b->b_mem->shm_last,
		   memory_order_relaxed) != r->sr_seenlast ||
	    atomic_load_explicit(&b->b_mem->shm_gen, memory_order_relaxed) !=
	    r->sr_seengen;
}
/*
 * The next frame that is wanted, into buf (SHMIF_MAXFRAME bytes): its length. 0: nothing for now. -EAGAIN: others were there first and skipped, go on. *lostp is
 * counted up when frames were missed.
 */
int shmif_bus_read(struct shmif_bus *, struct shmif_reader *,
    const struct shmif_want *, uint8_t *buf, uint64_t *lostp);

/* For tests: how long a lock without an owner, or with one that lives, is respected; milliseconds. */
#define SHMIF_STEAL_DEAD 50
#define SHMIF_STEAL_UNKNOWN 2000
#define SHMIF_STEAL_ALIVE 10000

#endif
