/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs's directories: scanned, searched, changed, made, connected to the root. */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <netbsd/dirent.h>
#include <netbsd/stat.h>
#include <stdio.h>
#include <string.h>

bool
dir_oldfmt(const struct fsck *f)
{
	return ffs_olddirfmt(&f->fs);
}

/* --- scanning ----------------------------------------------------------------------------------------------------- */

/* Is the record at `off` of a chunk one that the kernel could use? */
static bool
entry_ok(struct fsck *f, const uint8_t *chunk, uint32_t len, uint32_t off,
    struct direct *d)
{
	uint32_t i;

	if (ffs_dirent_get(chunk, len, off, dir_oldfmt(f), f->swapped, d) != 0)
		return false;
	if (d->d_fileno == 0)
		return true;
	if (d->d_fileno >=
		(uint64_t)(uint32_t)f->fs.fs_ncg * (uint32_t)f->fs.fs_ipg ||
	    d->d_namlen == 0 || d->d_reclen < FFS_DIRSIZ(d->d_namlen))
		return false;
	for (i = 0; i < d->d_namlen; i++)
		if (d->d_name[i] == '/' || d->d_name[i] == '\0')
			return false;
	return d->d_name[d->d_namlen] == '\0';
}

/* Asks once a scan whether what is corrupt shall be dropped. */
static bool
salvage(struct scan *s)
{
	struct fsck *f = s->f;
	bool busy = f->busy;

	if (s->fix == FIX_ASK) {
		f->busy = true;
		fileerror(f, s->ino, s->ino, "DIRECTORY CORRUPTED");
		f->busy = busy;
		s->fix = reply(f, "SALVAGE") ? FIX_YES : FIX_NO;
	}
	return s->fix == FIX_YES;
}

static void
put_entry(struct fsck *f, uint8_t *p, struct direct *d)
{
	ffs_dirent_put(p, d, dir_oldfmt(f), f->swapped);
}

/* One chunk of `len` bytes at p: SCAN_*. */
static int
scan_chunk(struct scan *s, uint8_t *p, uint32_t len)
{
	struct fsck *f = s->f;
	uint32_t off = 0, prev = 0;
	struct direct d, last;
	int r = 0;

	for (; off < len && (r & SCAN_STOP) == 0;
	     prev = off, off += d.d_reclen) {
		if (entry_ok(f, p, len, off, &d)) {
			r |= s->entry(s, p + off, &d);
			continue;
		}
		if (salvage(s)) {
			/* The entry before it takes the room, or one that is free. */
			memset(&d, 0, sizeof(d));
			d.d_name = "";
			d.d_reclen = len - off;
			r |= SCAN_ALTERED;
			if (off > 0 &&
			    ffs_dirent_get(p, len, prev, dir_oldfmt(f),
				f->swapped, &last) == 0) {
				uint8_t name[256];

				memcpy(name, last.d_name, last.d_namlen);
				last.d_name = (const char *)name;
				last.d_reclen = len - prev;
				put_entry(f, p + prev, &last);
				break;
			}
			memset(p + off, 0, d.d_reclen);
			put_entry(f, p + off, &d);
			r |= s->entry(s, p + off, &d);
			if (off == 0)
				continue;
		} else if (off == 0) {
			memset(&d, 0, sizeof(d));
			d.d_name = "";
			d.d_reclen = len;
			r |= s->entry(s, NULL, &d) & SCAN_STOP;
			/* What may be missing is "..", too. */
			memset(&d, 0, sizeof(d));
			d.d_name = "";
			d.d_reclen = len - FFS_DIRSIZ(1);
			if ((r & SCAN_STOP) == 0)
				s->entry(s, NULL, &d);
		}
		break;
	}
	return r;
}

/* A block that is not there: the directory ends before it, if the user agrees. False: stop. */
static void
hole(struct scan *s, uint64_t off)
{
	struct fsck *f = s->f;
	struct dinode di;
	char *path = fsck_path(f, s->ino, s->ino);

	pfatal(f, "DIRECTORY %s: CONTAINS EMPTY BLOCKS", path);
	t_free(f->t, path);
	if (!reply(f, "ADJUST LENGTH"))
		return;
	inode_get(f, s->ino, &di);
	if (di.di_size > off) {
		di.di_size = off;
		inode_put(f, s->ino, &di);
	}
	t_printf(f->t, "YOU MUST RERUN FSCK AFTERWARDS\n");
	f->rerun = true;
}

int
dir_scan(struct scan *s, const struct dinode *di)
{
	struct fsck *f = s->f;
	const struct dir_info *known = s->as != NULL ? s->as :
						       dir_find(f, s->ino);
	uint64_t off, size = di->di_size;
	uint32_t bsize = (uint32_t)f->fs.fs_bsize, n, c;
	int64_t frag;
	int r;

	/* No more than pass 1 found blocks for. */
	if (known != NULL && size > known->size)
		size = known->size;
	s->entryno = 0;
	for (off = 0; off < size; off += bsize) {
		struct buf *b;

		if (!inode_bmap(f, di, off / bsize, &frag)) {
			if (frag != 0)
				continue;
			hole(s, off);
			return 0;
		}
		n = dblksize(&f->fs, di->di_size, (int64_t)(off / bsize));
		if (fsck_outside(f, frag, n / (uint32_t)f->fs.fs_fsize))
			continue;
		for (c = 0; c < n && off + c < size; c += f->dirblksiz) {
			uint32_t len = n - c < f->dirblksiz ? n - c :
							      f->dirblksiz;

			b = getblk(f, frag, n);
			r = scan_chunk(s, b->data + c, len);
			if ((r & SCAN_ALTERED) != 0 && f->writable)
				dirty(f, b);
			if ((r & SCAN_STOP) != 0)
				return r;
		}
	}
	return 0;
}

/* --- searching ---------------------------------------------------------------------------------------------------- */

struct dir_info *
dir_find(struct fsck *f, uint32_t ino)
{
	size_t i;

	if (f->abyino == 0)
		return NULL;
	for (i = ino * 2654435761u % f->abyino; f->byino[i] != NULL;
	     i = (i + 1) % f->abyino)
		if (f->byino[i]->ino == ino)
			return f->byino[i];
	return NULL;
}

/* The newer of two takes the older's place. */
static void
hash_dir(struct fsck *f, struct dir_info *d)
{
	size_t i = d->ino * 2654435761u % f->abyino;

	while (f->byino[i] != NULL && f->byino[i]->ino != d->ino)
		i = (i + 1) % f->abyino;
	f->byino[i] = d;
}

/*
 * Directories are asked about in the order of their first blocks, as NetBSD's fsck_ffs does: by the number as it stands
 * on the disk, of which it takes 32 bits.
 */
static int64_t
order_of(const struct fsck *f, int64_t frag)
{
	if (!f->swapped)
		return frag;
	return ffs_isufs2(&f->fs) ? 0 :
				    (int32_t)__builtin_bswap32((uint32_t)frag);
}

/*
 * A root that is made anew is a second one: what the first had as entries is looked at all the same, and whom it names
 * is the new one's.
 */
struct dir_info *
dir_add(struct fsck *f, uint32_t ino, const struct dinode *di)
{
	struct dir_info *d = dir_find(f, ino);
	size_t i;

	if (d == NULL || ino == UFS_ROOTINO) {
		if (f->ndirs == f->adirs) {
			f->adirs = f->adirs > 0 ? f->adirs * 2 : 64;
			f->dirs = t_realloc(
			    f->t, f->dirs, f->adirs * sizeof(*f->dirs));
			t_free(f->t, f->byino);
			f->abyino = f->adirs * 2;
			f->byino = t_calloc(f->t, f->abyino, sizeof(*f->byino));
			for (i = 0; i < f->ndirs; i++)
				hash_dir(f, f->dirs[i]);
		}
		d = t_calloc(f->t, 1, sizeof(*d));
		d->ino = ino;
		f->dirs[f->ndirs++] = d;
		hash_dir(f, d);
	}
	d->di = *di;
	d->size = di->di_size;
	d->first = order_of(f, di->di_db[0]);
	d->dotdot = 0;
	d->parent = ino == UFS_ROOTINO ? UFS_ROOTINO : 0;
	return d;
}

struct find {
	const char *name;
	uint32_t ino;
	char *out;
};

static int
find_entry(struct scan *s, uint8_t *p, struct direct *d)
{
	struct find *w = s->ctx;

	(void)p;
	if (d->d_fileno == 0)
		return 0;
	if (w->name != NULL) {
		if (strlen(w->name) != d->d_namlen ||
		    memcmp(w->name, d->d_name, d->d_namlen) != 0)
			return 0;
		s->result = d->d_fileno;
		return SCAN_STOP;
	}
	if (d->d_fileno != w->ino ||
	    (d->d_namlen <= 2 && memcmp(d->d_name, "..", d->d_namlen) == 0))
		return 0;
	memcpy(w->out, d->d_name, d->d_namlen);
	w->out[d->d_namlen] = '\0';
	s->result = 1;
	return SCAN_STOP;
}

static uint32_t
search(struct fsck *f, uint32_t dir, struct find *w)
{
	struct scan s = {
		.entry = find_entry, .f = f, .ino = dir, .fix = FIX_NO, .ctx = w
	};
	struct dinode di;

	inode_get(f, dir, &di);
	if ((di.di_mode & S_IFMT) != S_IFDIR)
		return 0;
	dir_scan(&s, &di);
	return s.result;
}

uint32_t
dir_lookup(struct fsck *f, uint32_t dir, const char *name)
{
	struct find w = { .name = name };

	return search(f, dir, &w);
}

bool
dir_nameof(struct fsck *f, uint32_t dir, uint32_t ino, char name[256])
{
	struct find w = { .ino = ino, .out = name };

	return search(f, dir, &w) != 0;
}

/* --- changing ----------------------------------------------------------------------------------------------------- */

static void
fill(struct fsck *f, struct direct *d, uint32_t ino, const char *name)
{
	memset(d, 0, sizeof(*d));
	d->d_fileno = ino;
	d->d_type = dir_oldfmt(f) ? 0 : info(f, ino)->type;
	d->d_namlen = (uint8_t)strlen(name);
	d->d_name = name;
}

struct enter {
	const char *name;
	uint32_t ino;
};

/* Takes the room behind an entry, or a free one. */
static int
enter_entry(struct scan *s, uint8_t *p, struct direct *d)
{
	struct enter *w = s->ctx;
	struct fsck *f = s->f;
	struct direct new, old = *d;
	uint32_t used = d->d_fileno != 0 ? FFS_DIRSIZ(d->d_namlen) : 0,
		 need = FFS_DIRSIZ(strlen(w->name));
	uint8_t name[256];

	if (p == NULL || d->d_reclen < used + need)
		return 0;
	fill(f, &new, w->ino, w->name);
	new.d_reclen = d->d_reclen - used;
	if (used > 0) {
		memcpy(name, d->d_name, d->d_namlen);
		old.d_name = (const char *)name;
		old.d_reclen = used;
		put_entry(f, p, &old);
	}
	put_entry(f, p + used, &new);
	s->result = 1;
	return SCAN_STOP | SCAN_ALTERED;
}

/* Free chunks from byte `from` to `to` of a block. */
static void
free_chunks(struct fsck *f, uint8_t *p, uint32_t from, uint32_t to)
{
	struct direct d;

	memset(&d, 0, sizeof(d));
	d.d_name = "";
	d.d_reclen = f->dirblksiz;
	for (; from < to; from += f->dirblksiz) {
		memset(p + from, 0, f->dirblksiz);
		put_entry(f, p + from, &d);
	}
}

/* One chunk more: in the last fragment, in a longer run, or in a new block; no indirect blocks. */
static bool
expand(struct fsck *f, uint32_t dir)
{
	uint32_t bsize = (uint32_t)f->fs.fs_bsize, oldn, newn, at;
	struct dir_info *known = dir_find(f, dir);
	struct dinode di;
	struct buf *b;
	int64_t frag, new;
	uint8_t *copy;
	uint64_t lbn;

	inode_get(f, dir, &di);
	lbn = di.di_size / bsize;
	at = (uint32_t)(di.di_size % bsize);
	if (di.di_size % f->dirblksiz != 0 || lbn >= UFS_NDADDR)
		return false;
	oldn = (uint32_t)numfrags(&f->fs, fragroundup(&f->fs, at));
	newn = (uint32_t)numfrags(
	    &f->fs, fragroundup(&f->fs, at + f->dirblksiz));
	frag = di.di_db[lbn];
	if (at > 0 && (frag == 0 || fsck_outside(f, frag, oldn)))
		return false;
	copy = t_calloc(f->t, 1, bsize);
	if (oldn > 0)
		memcpy(copy,
		    getblk(f, frag, oldn * (uint32_t)f->fs.fs_fsize)->data, at);
	new = frag;
	if (newn != oldn && (new = block_alloc(f, (int32_t)newn)) == 0) {
		t_free(f->t, copy);
		return false;
	}
	if (newn != oldn && oldn > 0)
		block_free(f, frag, (int32_t)oldn);
	free_chunks(f, copy, at, at + f->dirblksiz);
	b = getblk(f, new, newn * (uint32_t)f->fs.fs_fsize);
	memcpy(b->data, copy, b->size);
	dirty(f, b);
	t_free(f->t, copy);
	di.di_db[lbn] = new;
	di.di_size += f->dirblksiz;
	di.di_blocks += (uint64_t)(newn - oldn) *
	    ((uint32_t)f->fs.fs_fsize / 512);
	inode_put(f, dir, &di);
	if (known != NULL) {
		known->di = di;
		known->size = di.di_size;
	}
	return true;
}

bool
dir_enter(struct fsck *f, uint32_t dir, uint32_t ino, const char *name)
{
	struct enter w = { name, ino };
	struct scan s = { .entry = enter_entry,
		.f = f,
		.ino = dir,
		.fix = FIX_NO,
		.ctx = &w };
	struct dinode di;
	size_t len = strlen(name);

	inode_get(f, dir, &di);
	if (len == 0 || len > FFS_MAXNAMLEN ||
	    (di.di_mode & S_IFMT) != S_IFDIR || di.di_size == 0 || !f->writable)
		return false;
	dir_scan(&s, &di);
	if (s.result != 0)
		return true;
	if (!expand(f, dir))
		return false;
	inode_get(f, dir, &di);
	dir_scan(&s, &di);
	return s.result != 0;
}

struct second {
	uint32_t parent, moved;
	char name[256]; /* of what stood in its place */
};

static int
second_entry(struct scan *s, uint8_t *p, struct direct *d)
{
	struct second *w = s->ctx;
	struct enter e = { "..", w->parent };
	struct fsck *f = s->f;
	struct direct new;
	int r;

	if (p == NULL || ++s->entryno > 2)
		return SCAN_STOP;
	if (s->entryno == 1) {
		s->ctx = &e;
		r = enter_entry(s, p, d);
		s->ctx = w;
		return r;
	}
	if (d->d_reclen < FFS_DIRSIZ(2))
		return SCAN_STOP;
	if (d->d_fileno != 0) {
		w->moved = d->d_fileno;
		memcpy(w->name, d->d_name, d->d_namlen);
		w->name[d->d_namlen] = '\0';
	}
	fill(f, &new, w->parent, "..");
	new.d_reclen = d->d_reclen;
	put_entry(f, p, &new);
	s->result = 1;
	return SCAN_STOP | SCAN_ALTERED;
}

bool
dir_enter_dotdot(struct fsck *f, uint32_t dir, uint32_t parent)
{
	struct second w = { .parent = parent };
	struct scan s = { .entry = second_entry,
		.f = f,
		.ino = dir,
		.fix = FIX_NO,
		.ctx = &w };
	struct dir_info *sub;
	struct dinode di;

	inode_get(f, dir, &di);
	if (!f->writable || (di.di_mode & S_IFMT) != S_IFDIR)
		return false;
	dir_scan(&s, &di);
	if (w.moved == 0 || dir_enter(f, dir, w.moved, w.name))
		return s.result != 0;
	/* A name less. */
	if (fsck_ino_ok(f, w.moved)) {
		info(f, w.moved)->links++;
		sub = dir_find(f, w.moved);
		if (sub != NULL && sub->parent == dir)
			sub->parent = 0;
	}
	return true;
}

static int
change_entry(struct scan *s, uint8_t *p, struct direct *d)
{
	struct enter *w = s->ctx;
	struct direct new;

	if (p == NULL || d->d_fileno == 0 || d->d_namlen != strlen(w->name) ||
	    memcmp(d->d_name, w->name, d->d_namlen) != 0)
		return 0;
	fill(s->f, &new, w->ino, w->name);
	new.d_reclen = d->d_reclen;
	put_entry(s->f, p, &new);
	s->result = 1;
	return SCAN_STOP | SCAN_ALTERED;
}

bool
dir_change(struct fsck *f, uint32_t dir, const char *name, uint32_t ino)
{
	struct enter w = { name, ino };
	struct scan s = { .entry = change_entry,
		.f = f,
		.ino = dir,
		.fix = FIX_NO,
		.ctx = &w };
	struct dinode di;

	inode_get(f, dir, &di);
	if (f->writable)
		dir_scan(&s, &di);
	return s.result != 0;
}

uint32_t
dir_alloc(struct fsck *f, uint32_t parent, uint32_t wanted, uint16_t mode)
{
	int32_t n = f->fs.fs_fsize >= (int32_t)f->dirblksiz ?
	    1 :
	    (int32_t)f->dirblksiz / f->fs.fs_fsize;
	struct dinode di;
	struct direct d;
	struct buf *b;
	uint32_t ino;
	int64_t frag;

	if (n > f->fs.fs_frag || !f->writable)
		return 0;
	ino = inode_alloc(f, wanted, (uint16_t)(S_IFDIR | mode));
	if (ino == 0)
		return 0;
	frag = block_alloc(f, n);
	if (frag == 0) {
		inode_free(f, ino);
		return 0;
	}
	if (parent == 0)
		parent = ino;
	b = getblk(f, frag, (uint32_t)(n * f->fs.fs_fsize));
	memset(b->data, 0, b->size);
	fill(f, &d, ino, ".");
	d.d_reclen = FFS_DIRSIZ(1);
	put_entry(f, b->data, &d);
	fill(f, &d, parent, "..");
	d.d_reclen = f->dirblksiz - FFS_DIRSIZ(1);
	put_entry(f, b->data + FFS_DIRSIZ(1), &d);
	free_chunks(f, b->data, f->dirblksiz, b->size);
	dirty(f, b);
	inode_get(f, ino, &di);
	di.di_nlink = 2;
	di.di_size = (uint64_t)(uint32_t)(n * f->fs.fs_fsize);
	di.di_blocks = (uint64_t)(n * (f->fs.fs_fsize / 512));
	di.di_db[0] = frag;
	inode_put(f, ino, &di);
	dir_add(f, ino, &di);
	info(f, ino)->links = 2;
	return ino;
}

/* --- connecting --------------------------------------------------------------------------------------------------- */

void
dir_adjust(struct fsck *f, uint32_t ino, int32_t links)
{
	struct dinode di;

	inode_get(f, ino, &di);
	pwarn(f, "LINK COUNT %s",
	    (di.di_mode & S_IFMT) == S_IFDIR ? "DIR" : "FILE");
	pinode(f, ino);
	t_printf(f->t, " COUNT %d SHOULD BE %" PRId32, di.di_nlink,
	    di.di_nlink - links);
	if (f->preen) {
		if (links < 0) {
			t_putc(f->t, '\n');
			pfatal(f, "LINK COUNT INCREASING");
		}
		t_printf(f->t, " (ADJUSTED)\n");
	} else if (!reply(f, "ADJUST"))
		return;
	di.di_nlink = (int16_t)(di.di_nlink - links);
	inode_put(f, ino, &di);
}

static void
adjust_by(struct fsck *f, uint32_t ino, int n)
{
	struct dinode di;

	inode_get(f, ino, &di);
	di.di_nlink = (int16_t)(di.di_nlink + n);
	inode_put(f, ino, &di);
}

/* lost+found, made when it is missing; 0 when there is none. */
static uint32_t
lost_and_found(struct fsck *f)
{
	uint32_t lf = dir_lookup(f, UFS_ROOTINO, "lost+found"), new;
	struct dinode di;

	if (lf == 0) {
		pwarn(f, "NO lost+found DIRECTORY");
		if (f->preen)
			t_printf(f->t, " (CREATED)\n");
		else if (!reply(f, "CREATE"))
			return 0;
	} else {
		inode_get(f, lf, &di);
		if ((di.di_mode & S_IFMT) == S_IFDIR &&
		    info(f, lf)->state == DFOUND)
			return lf;
		pfatal(f, "lost+found IS NOT A DIRECTORY\n");
		if (!reply(f, "REALLOCATE"))
			return 0;
	}
	new = dir_alloc(f, UFS_ROOTINO, 0, (uint16_t)f->lfmode);
	if (new != 0 &&
	    (lf != 0 ? dir_change(f, UFS_ROOTINO, "lost+found", new) :
		       dir_enter(f, UFS_ROOTINO, new, "lost+found"))) {
		/* The new directory's own names are all seen. */
		dir_find(f, new)->parent = UFS_ROOTINO;
		dir_find(f, new)->dotdot = UFS_ROOTINO;
		info(f, new)->state = DFOUND;
		info(f, new)->links = 0;
		adjust_by(f, UFS_ROOTINO, 1);
		if (lf != 0)
			info(f, lf)->links++;
		f->lfnew = true;
		return new;
	}
	if (new != 0)
		inode_free(f, new);
	pfatal(f, "SORRY. CANNOT CREATE lost+found DIRECTORY\n");
	f->unresolved = true;
	return 0;
}

bool
dir_linkup(struct fsck *f, uint32_t orphan, uint32_t parent)
{
	struct dinode di;
	char name[16];
	bool isdir;

	inode_get(f, orphan, &di);
	isdir = (di.di_mode & S_IFMT) == S_IFDIR;
	if (f->preen && !isdir && di.di_size == 0)
		return false;
	pwarn(f, "UNREF %s ", isdir ? "DIR" : "FILE");
	pinode(f, orphan);
	if (f->preen)
		t_printf(f->t, " (RECONNECTED)\n");
	else if (!reply(f, "RECONNECT"))
		return false;
	if (f->lfdir == 0 || info(f, f->lfdir)->state != DFOUND)
		f->lfdir = lost_and_found(f);
	if (f->lfdir == 0 || orphan == f->lfdir) {
		f->unresolved = true;
		return false;
	}
	(void)snprintf(name, sizeof(name), "#%08" PRIu32, orphan);
	if (!dir_enter(f, f->lfdir, orphan, name)) {
		pfatal(f, "SORRY. NO SPACE IN lost+found DIRECTORY");
		t_printf(f->t, "\n\n");
		f->unresolved = true;
		return false;
	}
	info(f, orphan)->links--;
	if (!isdir)
		return true;
	if (parent != f->lfdir &&
	    (dir_change(f, orphan, "..", f->lfdir) ||
		dir_enter_dotdot(f, orphan, f->lfdir))) {
		info(f, f->lfdir)->links--;
		if (fsck_ino_ok(f, parent))
			info(f, parent)->links++;
		adjust_by(f, f->lfdir, 1);
		info(f, f->lfdir)->links++;
	} else if (parent == f->lfdir && f->lfnew) {
		/* Its parent is gone, and lost+found got the number: nobody has counted that yet. */
		adjust_by(f, f->lfdir, 1);
	}
	pwarn(f, "DIR I=%" PRIu32 " CONNECTED. ", orphan);
	t_printf(f->t, "PARENT WAS I=%" PRIu32 "\n", parent);
	if (!f->preen)
		t_putc(f->t, '\n');
	return true;
}

/* All below `ino` are reached, without recursion: a damaged tree may be deep. */
void
dir_propagate(struct fsck *f, uint32_t ino)
{
	struct dir_info *d = dir_find(f, ino), *stack, *c;

	if (d == NULL)
		return;
	info(f, ino)->state = DFOUND;
	for (stack = d; stack != NULL;) {
		d = stack;
		c = d->child;
		if (c == NULL) {
			/* Up: the siblings of what led here. */
			stack = dir_find(f, d->parent);
			if (d->ino == ino || stack == d)
				break;
			continue;
		}
		d->child = c->sibling;
		c->sibling = NULL;
		if (info(f, c->ino)->state == DSTATE) {
			info(f, c->ino)->state = DFOUND;
			stack = c;
		}
	}
}
