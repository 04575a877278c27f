/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsck_ffs(8): what its parts share.
 *
 * The phases are those of McKusick and Kowalski, "Fsck - The UNIX File System Check Program". A number from the disk is
 * used as an index only after a check against the superblock's, which ffs_sb_check has found sound; numbers of fragments
 * are checked by fsck_outside, numbers of inodes by fsck_ino_ok.
 */
#ifndef FSCK_FFS_H
#define FSCK_FFS_H

#include <rumprun/ffs_format.h>
#include <rumprun/tool.h>
#include <rumprun/tool_sys.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#define EEXIT 8 /* exit status: given up */

/* What is known of an inode. */
enum state {
	USTATE, /* not allocated */
	FSTATE, /* a file */
	DSTATE, /* a directory, not reached from the root */
	DFOUND, /* a directory, reached */
	DCLEAR, /* a directory to be cleared */
	FCLEAR, /* a file to be cleared */
};

struct inode_info {
	uint8_t state, type; /* enum state; DT_* */
	int32_t links;	     /* the inode's count less the names seen */
};

/* A directory, as pass 1 found it. */
struct dir_info {
	uint32_t ino, parent, dotdot;
	uint64_t size;
	int64_t first;	  /* its first block, for the order */
	struct dinode di; /* as it was then */
	struct dir_info *child, *sibling;
};

struct buf {
	int64_t off;
	uint32_t size;
	bool dirty, valid;
	struct buf *hash, *older, *newer;
	uint8_t *data;
};

/* A question that is asked once, and answered alike from then on. */
enum fix { FIX_ASK, FIX_YES, FIX_NO };

struct patch {
	int64_t off;
	const uint8_t *data;
}; /* 512 bytes of the journal */

struct fsck {
	struct tool *t;
	const char *dev;  /* for messages */
	const char *path; /* to open */
	/* Options. */
	bool preen, force, yes, no, quiet, debug, file, markclean;
	bool progress, names, snap; /* -P on a terminal; -U; -x or -X */
	int phase;
	const char *doing;
	int percent;	   /* what the meter shows, 0: none is shown */
	int64_t alternate; /* -b, 0: none */
	int level, endian; /* -c, 0: none; -B: 1 little, 2 big */
	mode_t lfmode;

	int fd;
	bool writable, modified, unresolved, rerun;
	bool swapped;	      /* the disk's order is not the host's */
	int64_t device_bytes; /* 0: unknown */
	int64_t sbloc;	      /* bytes: of the superblock read */
	uint32_t sector, dirblksiz;
	bool apple, sbdirty;
	struct fs fs, raw; /* as it is worked with, as it was on the disk */
	bool old;	   /* UFS1 from before FS_FLAGS_UPDATED */
	bool converted, alt_wrong;
	bool nolabel;
	uint8_t *sbraw; /* the superblock's bytes */
	uint8_t *csum;	/* the summary area */
	bool csum_dirty;

	struct inode_info **info; /* by group, NULL: all unused */
	struct inode_info none;	  /* stands for inodes that were never made */
	uint32_t *ninfo;	  /* inodes known, by group */
	uint8_t *blkmap;	  /* fragments in use */
	int64_t *dups;		  /* hash of fragments claimed twice, 0: free */
	size_t ndups, adups;
	bool ending;
	bool newroot;	/* made anew in place of one that was bad */
	bool rebuild;	/* dups were freed: count again */
	uint32_t *zero; /* inodes of link count 0 */
	size_t nzero, azero;
	struct dir_info **dirs;	 /* in the order of their blocks, in pass 2 */
	struct dir_info **byino; /* hash by number */
	size_t ndirs, adirs, abyino;
	int64_t files, blks;
	uint32_t lfdir;
	bool grave;	/* something was told that -p does not mend */
	jmp_buf *proof; /* in a proof: where giving up leads to */
	bool lfnew;	/* lost+found was made by this check */
	bool busy;

	struct buf **hashtab, *newest, *oldest;
	uint32_t nbufs;
	struct patch *patches;
	size_t npatches;
};

/* --- cache.c: the disk --- */
#define FSCK_BUFS 256
void cache_init(struct fsck *);
/* `size` bytes at fragment `frag`; never NULL, zeros where it cannot be read. Valid until FSCK_BUFS - 8 others were got. */
struct buf *getblk(struct fsck *, int64_t frag, uint32_t size);
void dirty(struct fsck *, struct buf *);
void cache_flush(struct fsck *);
/* Forgets all, written or not. */
void cache_drop(struct fsck *);
/* Raw, by byte. False after a message, when it cannot be read and the user goes on; what could be read is there. */
bool fsck_read(struct fsck *, void *, size_t, int64_t off);
void fsck_write(struct fsck *, const void *, size_t, int64_t off);

/* --- talk.c --- */
/* An error that -p may not mend: ends the check then. */
void pfatal(struct fsck *, const char *fmt, ...) T_PRINTF(2, 3);
/* A diagnostic; with the device's name before it under -p. */
void pwarn(struct fsck *, const char *fmt, ...) T_PRINTF(2, 3);
_Noreturn void giveup(struct fsck *, int status);
bool reply(struct fsck *, const char *question);
bool dofix(struct fsck *, enum fix *, const char *msg);
/* "/d/e" of inode `ino` in directory `dir`, in the arena. */
char *fsck_path(struct fsck *, uint32_t dir, uint32_t ino);
void pinode(struct fsck *, uint32_t ino);
void fileerror(struct fsck *, uint32_t dir, uint32_t ino, const char *msg);
void fsck_phase(struct fsck *, const char *msg);
/* `done` of `total` units (named `unit`) of a phase: for SIGINFO, for a listener, and for the meter of -P. */
void fsck_progress(
    struct fsck *, int phase, const char *unit, uint64_t done, uint64_t total);

/* --- setup.c, journal.c, convert.c --- */
/* 1: check it; 0: nothing to do; -1: cannot. */
int fsck_setup(struct fsck *, const char *name, const char *path);
void fsck_write_super(struct fsck *);
void fsck_write_alternates(struct fsck *);
void fsck_check_super(struct fsck *);
void csum_get(struct fsck *, uint32_t cg, struct csum *);
void csum_put(struct fsck *, uint32_t cg, const struct csum *);
/* Everything to the disk; the file system is clean when all was resolved. */
void fsck_finish(struct fsck *);
/* Not clean after all. */
void fsck_unfinish(struct fsck *);
int64_t fsck_standard_place(const struct fs *);
void fsck_journal(struct fsck *);
/* True: turned. */
bool fsck_byteorder(struct fsck *);
void fsck_levels(struct fsck *);

/* --- inode.c --- */
static inline bool
fsck_ino_ok(const struct fsck *f, uint64_t ino)
{
	return ino >= (uint64_t)UFS_ROOTINO &&
	    ino < (uint64_t)(uint32_t)f->fs.fs_ncg * (uint32_t)f->fs.fs_ipg;
}
bool fsck_outside(const struct fsck *, int64_t frag, int64_t n);
struct inode_info *info(struct fsck *, uint32_t ino);
void inode_get(struct fsck *, uint32_t ino, struct dinode *);
void inode_put(struct fsck *, uint32_t ino, const struct dinode *);
/* All zero on the disk. */
void inode_clear(struct fsck *, uint32_t ino);

#define WALK_STOP 1
#define WALK_SKIP 2 /* leave the rest of this indirect block */
struct walk {
	/* A run of `frags` fragments at `frag`. WALK_STOP ends it. */
	int (*block)(struct walk *, int64_t frag, int frags);
	struct fsck *f;
	uint32_t ino;
	bool snapshot;
	int level; /* of the block shown: 0 data */
	void *ctx;
	int nbad, ndup;
	int64_t frags; /* claimed */
};
/* All blocks of an inode, pointers' blocks first. */
int inode_walk(struct walk *, const struct dinode *);
/* Fragments of a file's data in order: false when `lbn` is a hole or beyond. Reads indirect blocks. */
bool inode_bmap(
    struct fsck *, const struct dinode *, uint64_t lbn, int64_t *frag);
uint32_t inode_alloc(struct fsck *, uint32_t wanted, uint16_t mode);
void inode_free(struct fsck *, uint32_t ino);
int64_t block_alloc(struct fsck *, int32_t frags);
void block_free(struct fsck *, int64_t frag, int32_t n);
void clri(struct fsck *, uint32_t ino, const char *type, bool say);
bool dup_has(const struct fsck *, int64_t frag);
void dup_add(struct fsck *, int64_t frag);
/* What is in use, counted again without a word. */
void pass1_again(struct fsck *);
/* A group's header and maps in the cache; false: no usable one. */
bool cg_get(struct fsck *, uint32_t c, struct buf **, struct cg *);
int64_t fsck_now(struct fsck *);

static inline bool
blk_isset(const uint8_t *map, int64_t frag)
{
	return (map[frag >> 3] >> (frag & 7)) & 1;
}
static inline void
blk_set(uint8_t *map, int64_t frag)
{
	map[frag >> 3] |= (uint8_t)(1u << (frag & 7));
}
static inline void
blk_clr(uint8_t *map, int64_t frag)
{
	map[frag >> 3] &= (uint8_t) ~(1u << (frag & 7));
}

/* --- dir.c --- */
struct scan {
	/* Each entry: SCAN_* ored. Entries with number 0 are shown too. */
	int (*entry)(struct scan *, uint8_t *p, struct direct *);
	struct fsck *f;
	uint32_t ino;		   /* the directory */
	const struct dir_info *as; /* as which it was found; NULL: the only one */
	enum fix fix;		   /* of a corrupt one; FIX_NO: be silent */
	int entryno;
	void *ctx;
	uint32_t result;
};
#define SCAN_STOP 1
#define SCAN_ALTERED 2
/* The directory's blocks, from the inode `di` (pass 2: as it was found). */
int dir_scan(struct scan *, const struct dinode *);
struct dir_info *dir_find(struct fsck *, uint32_t ino);
struct dir_info *dir_add(struct fsck *, uint32_t ino, const struct dinode *);
/* Number of `name` in a directory, or 0. */
uint32_t dir_lookup(struct fsck *, uint32_t dir, const char *name);
bool dir_nameof(struct fsck *, uint32_t dir, uint32_t ino, char name[256]);
bool dir_enter(struct fsck *, uint32_t dir, uint32_t ino, const char *name);
/* ".." as the second entry; what stood there moves. */
bool dir_enter_dotdot(struct fsck *, uint32_t dir, uint32_t parent);
bool dir_change(struct fsck *, uint32_t dir, const char *name, uint32_t ino);
/* A new empty directory; its number or 0. `wanted` 0: any. */
uint32_t dir_alloc(
    struct fsck *, uint32_t parent, uint32_t wanted, uint16_t mode);
/* Under the name #number into lost+found. */
bool dir_linkup(struct fsck *, uint32_t orphan, uint32_t parent);
void dir_propagate(struct fsck *, uint32_t ino);
void dir_adjust(struct fsck *, uint32_t ino, int32_t links);
bool dir_oldfmt(const struct fsck *);

/* A journal or quota file: it has no name, and is nobody's. */
bool fsck_is_own(const struct fsck *, uint32_t ino);
bool fsck_is_quota(const struct fsck *, uint32_t ino);
/* All of them. */
void fsck_phases(struct fsck *);
/* Whether a check would find anything now that all is mended; says nothing. */
bool fsck_proves_clean(struct fsck *);

void pass1(struct fsck *);
void pass1b(struct fsck *);
void pass2(struct fsck *);
void pass3(struct fsck *);
void pass4(struct fsck *);
void pass5(struct fsck *);
/* After something was allocated behind phase 5's back: without a word. */
void pass5_again(struct fsck *);
void pass6(struct fsck *);

#endif
