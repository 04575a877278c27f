/* SPDX-License-Identifier: BSD-2-Clause */
/* Labels as text: disklabel's own form, and disktab's. */
#include "disklabel/disklabel.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
dl_put(struct dl_text *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (o->size - o->len < 256) {
		o->size = o->size * 2 + 4096;
		o->s = t_realloc(o->t, o->s, o->size);
	}
	va_start(ap, fmt);
	n = vsnprintf(o->s + o->len, o->size - o->len, fmt, ap);
	va_end(ap);
	/* nothing here is longer */
	o->len += n < 0 ? 0 : n < 256 ? (size_t)n : 255;
}

void
dl_text_show(struct dl_text *o)
{
	t_out_write(o->t->t_out, o->s, o->len);
	t_free(o->t, o->s);
	o->s = NULL;
	o->len = o->size = 0;
}

static const struct {
	uint32_t bit;
	const char *name;
} flags[] = { { D_REMOVABLE, "removable" }, { D_ECC, "ecc" },
	{ D_BADSECT, "badsect" }, { D_RAMDISK, "ramdisk" },
	{ D_CHAIN, "chained" }, { D_SCSI_MMC, "scsi_mmc" } };

/* Names on disks may fill their place, and hold anything. */
static void
name_out(struct dl_text *o, const char *label, const char *s, size_t size)
{
	char buf[17];
	size_t n = disktab_len(s, size < 16 ? size : 16);

	for (size_t i = 0; i < n; i++)
		buf[i] = (unsigned char)s[i] < ' ' || s[i] == 0x7f ? '?' : s[i];
	buf[n] = '\0';
	dl_put(o, "%s%s", label, buf);
}

static void
print_head(const struct dl *dl, struct dl_text *o, const struct disklabel *lp)
{
	const char *type = disktab_dktype_name(lp->d_type);
	int last = NDDATA - 1;

	dl_put(o, "# %s:\n", dl->name);
	if (type != NULL)
		dl_put(o, "type: %s\n", type);
	else
		dl_put(o, "type: %u\n", lp->d_type);
	name_out(o, "disk: ", lp->d_typename, sizeof(lp->d_typename));
	name_out(o, "\nlabel: ", lp->d_packname, sizeof(lp->d_packname));
	dl_put(o, "\nflags:");
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (lp->d_flags & flags[i].bit)
			dl_put(o, " %s", flags[i].name);
	dl_put(o,
	    "\nbytes/sector: %" PRIu32 "\nsectors/track: %" PRIu32
	    "\ntracks/cylinder: %" PRIu32 "\nsectors/cylinder: %" PRIu32
	    "\ncylinders: %" PRIu32 "\ntotal sectors: %" PRIu32 "\n",
	    lp->d_secsize, lp->d_nsectors, lp->d_ntracks, lp->d_secpercyl,
	    lp->d_ncylinders, lp->d_secperunit);
	dl_put(o, "rpm: %u\ninterleave: %u\ntrackskew: %u\ncylinderskew: %u\n",
	    lp->d_rpm, lp->d_interleave, lp->d_trackskew, lp->d_cylskew);
	dl_put(o,
	    "headswitch: %" PRIu32 "\t\t# microseconds\n"
	    "track-to-track seek: %" PRIu32 "\t# microseconds\ndrivedata: ",
	    lp->d_headswitch, lp->d_trkseek);
	while (last > 0 && lp->d_drivedata[last] == 0)
		last--;
	for (int i = 0; i <= last; i++)
		dl_put(o, "%" PRIu32 " ", lp->d_drivedata[i]);
	dl_put(o, "\n\n");
}

static void
place(const struct dl *dl, struct dl_text *o, const struct disklabel *lp,
    uint32_t n)
{
	char buf[48];

	if (!dl->chs || lp->d_secpercyl == 0 || lp->d_nsectors == 0) {
		dl_put(o, " %9" PRIu32, n);
		return;
	}
	snprintf(buf, sizeof(buf), "%" PRIu32 "/%" PRIu32 "/%" PRIu32,
	    n / lp->d_secpercyl, n % lp->d_secpercyl / lp->d_nsectors,
	    n % lp->d_secpercyl % lp->d_nsectors);
	dl_put(o, " %9s", buf);
}

/* (Cyl. first - last), with stars where it doesn't begin or end with one. */
static void
cylinders(
    struct dl_text *o, const struct disklabel *lp, const struct partition *pp)
{
	uint64_t end = (uint64_t)pp->p_offset + pp->p_size;
	uint32_t c = lp->d_secpercyl;

	dl_put(o, " # (Cyl. %6" PRIu32 "%s- %6" PRIu64 "%s)", pp->p_offset / c,
	    pp->p_offset % c != 0 ? "*" : " ", (end + c - 1) / c - 1,
	    end % c != 0 ? "*" : "");
}

void
dl_print_partition(const struct dl *dl, struct dl_text *o,
    const struct disklabel *lp, unsigned part)
{
	const struct partition *pp = &lp->d_partitions[part];
	const char *type = disktab_fstype_name(pp->p_fstype);
	uint32_t bsize = pp->p_fsize * pp->p_frag;

	if (pp->p_size == 0)
		return;
	dl_put(o, " %c:", 'a' + part);
	place(dl, o, lp, pp->p_size);
	place(dl, o, lp, pp->p_offset);
	if (type != NULL)
		dl_put(o, " %10s", type);
	else
		dl_put(o, " %10u", pp->p_fstype);
	switch (pp->p_fstype) {
	case FS_UNUSED:
	case FS_EX2FS:
		dl_put(o, " %6" PRIu32 " %5" PRIu32 " %5s ", pp->p_fsize, bsize,
		    "");
		break;
	case FS_BSDFFS:
	case FS_BSDLFS:
	case FS_APPLEUFS:
	case FS_ADOS:
		dl_put(o, " %6" PRIu32 " %5" PRIu32 " %5u ", pp->p_fsize, bsize,
		    pp->p_cpg);
		break;
	case FS_ISO9660:
		dl_put(o, " %6" PRIu32 " %11s ", pp->p_cdsession, "");
		break;
	default:
		dl_put(o, "%20s", "");
	}
	if (lp->d_secpercyl != 0)
		cylinders(o, lp, pp);
	dl_put(o, "\n");
}

void
dl_print_partitions(
    const struct dl *dl, struct dl_text *o, const struct disklabel *lp)
{
	unsigned n = lp->d_npartitions;

	dl_put(o, "%u partitions:\n", n);
	dl_put(o, "#        size    offset     fstype [fsize bsize cpg/sgs]\n");
	for (unsigned i = 0; i < n && i < MAXPARTITIONS; i++)
		dl_print_partition(dl, o, lp, i);
}

void
dl_print(const struct dl *dl, struct dl_text *o, const struct disklabel *lp)
{
	print_head(dl, o, lp);
	dl_print_partitions(dl, o, lp);
}

/* --- disktab ------------------------------------------------------------------- */

/* A capability that differs from what disktab(5) takes for granted; the first of a line begins it. */
static void
other(struct dl_text *o, bool *begun, const char *name, uint32_t v,
    uint32_t usual)
{
	if (v == usual)
		return;
	dl_put(o, "%s%s#%" PRIu32 ":", *begun ? "" : "\\\n\t:", name, v);
	*begun = true;
}

static void
disktab_drive(struct dl_text *o, const struct disklabel *lp)
{
	char name[3] = "d0";
	bool begun = false;

	other(o, &begun, "su", lp->d_secperunit,
	    lp->d_secpercyl * lp->d_ncylinders);
	other(o, &begun, "rm", lp->d_rpm, 3600);
	other(o, &begun, "il", lp->d_interleave, 1);
	other(o, &begun, "sk", lp->d_trackskew, 0);
	other(o, &begun, "cs", lp->d_cylskew, 0);
	other(o, &begun, "hs", lp->d_headswitch, 0);
	other(o, &begun, "ts", lp->d_trkseek, 0);
	for (int i = 0; i < NDDATA; i++) {
		name[1] = (char)('0' + i);
		other(o, &begun, name, lp->d_drivedata[i], 0);
	}
	if (lp->d_bbsize != 0)
		other(o, &begun, "bs", lp->d_bbsize, DL_BBSIZE);
	if (lp->d_sbsize != 0)
		other(o, &begun, "sb", lp->d_sbsize, DL_SBSIZE);
}

void
dl_print_disktab(struct dl_text *o, const struct disklabel *lp)
{
	const char *type = disktab_dktype_name(lp->d_type);

	name_out(o, "", lp->d_typename, sizeof(lp->d_typename));
	dl_put(o, "|Automatically generated label:\\\n\t:dt=");
	if (type != NULL)
		dl_put(o, "%s:", type);
	else
		dl_put(o, "unknown%u:", lp->d_type);
	dl_put(o,
	    "se#%" PRIu32 ":ns#%" PRIu32 ":nt#%" PRIu32 ":sc#%" PRIu32
	    ":nc#%" PRIu32 ":",
	    lp->d_secsize, lp->d_nsectors, lp->d_ntracks, lp->d_secpercyl,
	    lp->d_ncylinders);
	disktab_drive(o, lp);
	for (unsigned i = 0; i < lp->d_npartitions && i < MAXPARTITIONS; i++) {
		const struct partition *pp = &lp->d_partitions[i];
		int c = 'a' + (int)i;

		if (pp->p_size == 0)
			continue;
		dl_put(o, "\\\n\t:p%c#%" PRIu32 ":o%c#%" PRIu32 ":", c,
		    pp->p_size, c, pp->p_offset);
		type = disktab_fstype_name(pp->p_fstype);
		if (type == NULL)
			dl_put(o, "t%c=unknown%u:", c, pp->p_fstype);
		else if (pp->p_fstype != FS_UNUSED)
			dl_put(o, "t%c=%s:", c, type);
		if (pp->p_fstype == FS_BSDFFS || pp->p_fstype == FS_BSDLFS)
			dl_put(o, "b%c#%" PRIu32 ":f%c#%" PRIu32 ":", c,
			    pp->p_fsize * pp->p_frag, c, pp->p_fsize);
	}
	dl_put(o, "\n");
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
dl_print_fstypes(struct tool *t)
{
	const char *names[256];
	size_t n = 0;

	while (n < 256 && disktab_fstype_name((unsigned)n) != NULL) {
		names[n] = disktab_fstype_name((unsigned)n);
		n++;
	}
	qsort(names, n, sizeof(names[0]), by_name);
	for (size_t i = 0; i < n; i++)
		t_printf(t, "%s\n", names[i]);
}
