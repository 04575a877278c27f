/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs, phase 5: the groups' maps and counts, made anew and compared. */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <string.h>

struct pass5 {
	struct fsck *f;
	enum fix count, header, maps;
	uint8_t *buf;
	struct cg cg;
	struct csum_total total;
	bool bad; /* the group's header was none */
};

/* A group that has no usable header gets one as newfs(8) makes it. */
static bool
layout(struct pass5 *p, uint32_t c)
{
	const struct fs *fs = &p->f->fs;
	struct cg *cg = &p->cg;
	int32_t off = FFS_CG_HEADER;
	int64_t fpg = fs->fs_fpg;

	memset(cg, 0, sizeof(*cg));
	cg->cg_magic = CG_MAGIC;
	cg->cg_cgx = (int32_t)c;
	cg->cg_time = fs->fs_time;
	if (ffs_isufs2(fs)) {
		cg->cg_niblk = fs->fs_ipg;
		cg->cg_initediblk = (int32_t)p->f->ninfo[c];
	} else {
		cg->cg_old_time = (int32_t)fs->fs_time;
		cg->cg_old_niblk = (int16_t)fs->fs_ipg;
		cg->cg_old_ncyl = 1;
		cg->cg_old_btotoff = off;
		cg->cg_old_boff = off + 4;
		off += 6;
	}
	cg->cg_iusedoff = off;
	cg->cg_freeoff = off + (fs->fs_ipg + 7) / 8;
	if (fpg / 8 > fs->fs_cgsize || fs->fs_ipg / 8 > fs->fs_cgsize)
		return false;
	cg->cg_nextfreeoff = cg->cg_freeoff + (int32_t)(fpg + 7) / 8;
	if (fs->fs_contigsumsize > 0) {
		cg->cg_clustersumoff = (cg->cg_nextfreeoff + 3) / 4 * 4 - 4;
		cg->cg_clusteroff = cg->cg_clustersumoff +
		    (fs->fs_contigsumsize + 1) * 4;
		cg->cg_nextfreeoff = cg->cg_clusteroff +
		    (fs->fs_fpg / fs->fs_frag + 7) / 8;
	}
	cg->cg_ndblk = (int32_t)ffs_cg_ndblk(fs, c);
	cg->cg_nclusterblks = fs->fs_contigsumsize > 0 ?
	    cg->cg_ndblk / fs->fs_frag :
	    0;
	return cg->cg_nextfreeoff <= fs->fs_cgsize;
}

/* Header and empty maps: what of the old is to be kept is kept. */
static bool
start(struct pass5 *p, const uint8_t *old, uint32_t c)
{
	struct fsck *f = p->f;
	const struct fs *fs = &f->fs;
	struct cg *cg = &p->cg;

	memset(p->buf, 0, (size_t)fs->fs_cgsize);
	ffs_cg_decode(old, cg, f->swapped);
	p->bad = cg->cg_magic != CG_MAGIC;
	if (p->bad) {
		pfatal(f, "CG %" PRIu32 ": PASS5: BAD MAGIC NUMBER\n", c);
		f->unresolved |= f->no;
	}
	if (ffs_cg_check(fs, cg, c) != 0) {
		if (!layout(p, c))
			return false;
	} else {
		memcpy(p->buf, old, (size_t)cg->cg_iusedoff);
		cg->cg_ndblk = (int32_t)ffs_cg_ndblk(fs, c);
		if (f->converted && cg->cg_time == 0)
			cg->cg_time = cg->cg_old_time;
		if (fs->fs_contigsumsize > 0)
			cg->cg_nclusterblks = cg->cg_ndblk / fs->fs_frag;
	}
	if (cg->cg_rotor < 0 || cg->cg_rotor >= cg->cg_ndblk)
		cg->cg_rotor = 0;
	if (cg->cg_frotor < 0 || cg->cg_frotor >= cg->cg_ndblk)
		cg->cg_frotor = 0;
	if (cg->cg_irotor < 0 || cg->cg_irotor >= fs->fs_ipg)
		cg->cg_irotor = 0;
	memset(cg->cg_frsum, 0, sizeof(cg->cg_frsum));
	memset(&cg->cg_cs, 0, sizeof(cg->cg_cs));
	return ffs_cg_check(fs, cg, c) == 0;
}

static void
fill_inodes(struct pass5 *p, uint32_t c)
{
	struct fsck *f = p->f;
	uint8_t *used = ffs_cg_inosused(&p->cg, p->buf);
	uint32_t i;

	p->cg.cg_cs.cs_nifree = f->fs.fs_ipg;
	for (i = 0; i < f->ninfo[c]; i++) {
		uint8_t state = f->info[c][i].state;

		if (c == 0 && i < UFS_ROOTINO)
			continue;
		if (state == USTATE)
			continue;
		if (state == DSTATE || state == DFOUND || state == DCLEAR)
			p->cg.cg_cs.cs_ndir++;
		p->cg.cg_cs.cs_nifree--;
		ffs_setbit(used, i);
	}
	for (i = 0; c == 0 && i < UFS_ROOTINO; i++) {
		ffs_setbit(used, i);
		p->cg.cg_cs.cs_nifree--;
	}
}

static void
end_cluster(struct pass5 *p, int32_t run)
{
	int32_t max = p->f->fs.fs_contigsumsize;
	uint8_t *sum;

	if (run == 0 || max == 0)
		return;
	sum = ffs_cg_clustersum(&p->cg, p->buf) + 4 * (run < max ? run : max);
	ffs_put32(sum, ffs_get32(sum, p->f->swapped) + 1, p->f->swapped);
}

static void
fill_frags(struct pass5 *p, uint32_t c)
{
	struct fsck *f = p->f;
	int32_t frag = f->fs.fs_frag, n = p->cg.cg_ndblk, h, i, run = 0;
	uint8_t *map = ffs_cg_blksfree(&p->cg, p->buf);
	int64_t base = cgbase(&f->fs, c);

	for (h = 0; h * frag < n; h++) {
		int32_t nfree = 0;
		uint32_t bits = 0;

		for (i = 0; i < frag && h * frag + i < n; i++) {
			if (blk_isset(f->blkmap, base + h * frag + i))
				continue;
			ffs_setbit(map, (uint32_t)(h * frag + i));
			bits |= 1u << i;
			nfree++;
		}
		if (nfree == frag) {
			p->cg.cg_cs.cs_nbfree++;
			if (f->fs.fs_contigsumsize > 0 &&
			    h < p->cg.cg_nclusterblks) {
				ffs_setbit(ffs_cg_clustersfree(&p->cg, p->buf),
				    (uint32_t)h);
				run++;
			}
			continue;
		}
		end_cluster(p, run);
		run = 0;
		p->cg.cg_cs.cs_nffree += nfree;
		if (nfree > 0)
			ffs_fragacct(&f->fs, bits, p->cg.cg_frsum, 1);
	}
	end_cluster(p, run);
}

static void
compare(struct pass5 *p, struct buf *b, uint32_t c)
{
	struct fsck *f = p->f;
	size_t head = FFS_CG_HEADER, size = (size_t)f->fs.fs_cgsize;
	struct csum cs;

	csum_get(f, c, &cs);
	if (memcmp(&cs, &p->cg.cg_cs, sizeof(cs)) != 0 &&
	    dofix(f, &p->count, "FREE BLK COUNT(S) WRONG IN SUPERBLK"))
		csum_put(f, c, &p->cg.cg_cs);
	ffs_cg_encode(&p->cg, p->buf, f->swapped);
	if (memcmp(p->buf, b->data, head) != 0 &&
	    dofix(f, &p->header, "SUMMARY INFORMATION BAD")) {
		memcpy(b->data, p->buf, (size_t)p->cg.cg_iusedoff);
		dirty(f, b);
	}
	if ((p->bad ||
		memcmp(p->buf + p->cg.cg_iusedoff, b->data + p->cg.cg_iusedoff,
		    (size_t)p->cg.cg_nextfreeoff > size ||
			    p->cg.cg_nextfreeoff < p->cg.cg_iusedoff ?
			size - (size_t)p->cg.cg_iusedoff :
			(size_t)(p->cg.cg_nextfreeoff - p->cg.cg_iusedoff)) !=
		    0) &&
	    dofix(f, &p->maps, "BLK(S) MISSING IN BIT MAPS")) {
		memcpy(b->data + p->cg.cg_iusedoff, p->buf + p->cg.cg_iusedoff,
		    size - (size_t)p->cg.cg_iusedoff);
		dirty(f, b);
	}
}

static void
groups(struct pass5 *q, bool again)
{
	struct fsck *f = q->f;
	struct pass5 p = *q;
	struct csum_total *t = &p.total, *have = &f->fs.fs_cstotal;
	uint32_t c;

	p.buf = t_malloc(f->t, (size_t)f->fs.fs_bsize);
	for (c = 0; c < (uint32_t)f->fs.fs_ncg; c++) {
		struct buf *b = getblk(
		    f, cgtod(&f->fs, c), (uint32_t)f->fs.fs_cgsize);

		if (!start(&p, b->data, c)) {
			pfatal(f, "CG %" PRIu32 ": NO ROOM FOR ITS MAPS\n", c);
			f->unresolved = true;
			continue;
		}
		fill_inodes(&p, c);
		fill_frags(&p, c);
		t->cs_ndir += p.cg.cg_cs.cs_ndir;
		t->cs_nbfree += p.cg.cg_cs.cs_nbfree;
		t->cs_nifree += p.cg.cg_cs.cs_nifree;
		t->cs_nffree += p.cg.cg_cs.cs_nffree;
		compare(&p, b, c);
		if (!again)
			fsck_progress(f, 5, "cylinder group", c + 1,
			    (uint64_t)(uint32_t)f->fs.fs_ncg);
	}
	if ((t->cs_ndir != have->cs_ndir || t->cs_nbfree != have->cs_nbfree ||
		t->cs_nifree != have->cs_nifree ||
		t->cs_nffree != have->cs_nffree) &&
	    dofix(f, &p.count, "FREE BLK COUNT(S) WRONG IN SUPERBLK")) {
		have->cs_ndir = t->cs_ndir;
		have->cs_nbfree = t->cs_nbfree;
		have->cs_nifree = t->cs_nifree;
		have->cs_nffree = t->cs_nffree;
		f->fs.fs_ronly = 0;
		f->fs.fs_fmod = 0;
		f->sbdirty = true;
	}
	t_free(f->t, p.buf);
}

void
pass5(struct fsck *f)
{
	struct pass5 p = { .f = f };
	enum fix alt = FIX_ASK;

	fsck_phase(f, "Phase 5 - Check Cyl groups");
	if (f->rebuild)
		pass1_again(f);
	if (f->alt_wrong &&
	    dofix(f, &alt, "ALTERNATE SUPERBLK(S) ARE INCORRECT"))
		fsck_write_alternates(f);
	groups(&p, false);
}

void
pass5_again(struct fsck *f)
{
	struct pass5 p = {
		.f = f, .count = FIX_YES, .header = FIX_YES, .maps = FIX_YES
	};

	groups(&p, true);
}
