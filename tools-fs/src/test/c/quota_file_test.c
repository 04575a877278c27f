/* SPDX-License-Identifier: BSD-2-Clause */
/* quotactl(2), quota files that make no sense, and fsck_ffs on them. */
#include "quota_calls.h"

/* --- quotactl --- */

static int
count_all(struct fixture *f, int skip, unsigned step, int *defaults)
{
	struct quotakey k[64];
	struct quotaval v[64];
	struct quotakcursor c;
	struct quotactl_args a;
	unsigned got;
	int total = 0, atend;

	*defaults = 0;
	memset(&a, 0, sizeof(a));
	a.qc_op = QUOTACTL_CURSOROPEN;
	a.u.cursoropen.qc_cursor = &c;
	CHECK_EQ(qctl(f, &a), 0);
	if (skip >= 0) {
		a.qc_op = QUOTACTL_CURSORSKIPIDTYPE;
		a.u.cursorskipidtype.qc_cursor = &c;
		a.u.cursorskipidtype.qc_idtype = skip;
		CHECK_EQ(qctl(f, &a), 0);
	}
	for (;;) {
		memset(&a, 0, sizeof(a));
		a.qc_op = QUOTACTL_CURSORATEND;
		a.u.cursoratend.qc_cursor = &c;
		a.u.cursoratend.qc_ret = &atend;
		CHECK_EQ(qctl(f, &a), 0);
		a.qc_op = QUOTACTL_CURSORGET;
		a.u.cursorget.qc_cursor = &c;
		a.u.cursorget.qc_keys = k;
		a.u.cursorget.qc_vals = v;
		a.u.cursorget.qc_maxnum = step;
		a.u.cursorget.qc_ret = &got;
		CHECK_EQ(qctl(f, &a), 0);
		CHECK_EQ(atend, got == 0);
		if (got == 0)
			break;
		CHECK(got <= step);
		for (unsigned i = 0; i < got; i++) {
			CHECK(k[i].qk_idtype != skip);
			*defaults += k[i].qk_id == QUOTA_DEFAULTID;
			total++;
		}
	}
	a.qc_op = QUOTACTL_CURSORCLOSE;
	a.u.cursorclose.qc_cursor = &c;
	CHECK_EQ(qctl(f, &a), 0);
	a.qc_op = QUOTACTL_CURSORREWIND;
	CHECK_EQ(qctl(f, &a), -EINVAL);
	return total;
}

TEST(quota_cursor_shows_every_entry)
{
	struct fixture f;
	int def;

	for (int i = 0; i < LAYOUTS; i++) {
		start(&f, layouts[i], i % 2 ? MNT_LOG : 0);
		/* All in one chain, over several blocks. */
		for (uint32_t id = 1; id <= 200; id++)
			for (int obj = 0; obj < 2; obj++)
				CHECK_EQ(
				    qput(&f, 0, id * 4096, obj, 20, 40, id), 0);
		CHECK_EQ(count_all(&f, -1, 64, &def), 2 * (201 + 1 + 1 + 1));
		CHECK_EQ(def, 4);
		CHECK_EQ(count_all(&f, 0, 1, &def), 4);
		CHECK_EQ(count_all(&f, 1, 3, &def), 2 * 202);
		/* Every other one goes, and room is used again. */
		for (uint32_t id = 2; id <= 200; id += 2) {
			CHECK_EQ(qdel(&f, 0, id * 4096, 0), 0);
			CHECK(usage(&f, 0, id * 4096, 1) == 0);
			CHECK_EQ(qdel(&f, 0, id * 4096, 1), 0);
			CHECK_EQ(usage(&f, 0, id * 4096, 1), -ENOENT);
		}
		CHECK_EQ(count_all(&f, 1, 64, &def), 2 * 102);
		for (uint32_t id = 1; id <= 100; id++)
			CHECK_EQ(qput(&f, 0, id * 4096 + 1, 0, 1, 1, 1), 0);
		CHECK_EQ(count_all(&f, 1, 5, &def), 2 * 202);
		CHECK_EQ(qdel(&f, 0, 77, 0), -ENOENT);
		end(&f);
	}
}

TEST(quota_calls_of_bad_will)
{
	struct quotakey k = { 0, 0, 0 };
	struct quotaval v;
	struct quotastat st;
	struct quotaidtypestat it;
	struct quotaobjtypestat ot;
	struct quotakcursor c;
	struct quotactl_args a;
	struct fixture f;
	unsigned got;

	start(&f, "-O 2", 0);
	memset(&a, 0, sizeof(a));
	a.qc_op = QUOTACTL_STAT;
	a.u.stat.qc_info = &st;
	CHECK_EQ(qctl(&f, &a), 0);
	CHECK_EQ(st.qs_numidtypes, 2);
	CHECK_EQ(st.qs_numobjtypes, 2);
	CHECK_EQ(st.qs_restrictions, 0);
	a.qc_op = QUOTACTL_IDTYPESTAT;
	a.u.idtypestat.qc_idtype = QUOTA_IDTYPE_GROUP;
	a.u.idtypestat.qc_info = &it;
	CHECK_EQ(qctl(&f, &a), 0);
	CHECK_STR(it.qis_name, "group");
	a.u.idtypestat.qc_idtype = 2;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	a.qc_op = QUOTACTL_OBJTYPESTAT;
	a.u.objtypestat.qc_objtype = QUOTA_OBJTYPE_BLOCKS;
	a.u.objtypestat.qc_info = &ot;
	CHECK_EQ(qctl(&f, &a), 0);
	CHECK_STR(ot.qos_name, "block");
	a.qc_op = QUOTACTL_QUOTAON;
	CHECK_EQ(qctl(&f, &a), -EBUSY);
	a.qc_op = QUOTACTL_QUOTAOFF;
	CHECK_EQ(qctl(&f, &a), -EOPNOTSUPP);
	a.qc_op = 14;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	a.qc_op = QUOTACTL_GET;
	a.u.get.qc_key = NULL;
	a.u.get.qc_val = &v;
	CHECK_EQ(qctl(&f, &a), -EFAULT);
	a.u.get.qc_key = &k;
	k.qk_objtype = 2;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	k.qk_objtype = 0;
	k.qk_idtype = -1;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	memset(&c, 0xff, sizeof(c));
	a.qc_op = QUOTACTL_CURSORGET;
	a.u.cursorget.qc_cursor = &c;
	a.u.cursorget.qc_keys = &k;
	a.u.cursorget.qc_vals = &v;
	a.u.cursorget.qc_maxnum = 1;
	a.u.cursorget.qc_ret = &got;
	CHECK_EQ(qctl(&f, &a), -EINVAL);
	/* Every number in a cursor may be anything. */
	a.qc_op = QUOTACTL_CURSOROPEN;
	CHECK_EQ(qctl(&f, &a), 0);
	for (unsigned i = 4; i < 20; i++) {
		struct quotakcursor odd = c;

		((uint8_t *)&odd)[i] = 0xff;
		a.qc_op = QUOTACTL_CURSORGET;
		a.u.cursorget.qc_cursor = &odd;
		(void)!qctl(&f, &a);
	}
	become(&f, 4, 4);
	CHECK_EQ(qget(&f, 0, 4, 0, &v), -ENOENT);
	CHECK_EQ(qget(&f, 1, 4, 0, &v), -ENOENT);
	CHECK_EQ(qget(&f, 0, 5, 0, &v), -EPERM);
	CHECK_EQ(qget(&f, 1, 5, 0, &v), -EPERM);
	CHECK_EQ(qput(&f, 0, 4, 0, 1, 1, 1), -EPERM);
	CHECK_EQ(qdel(&f, 0, 4, 0), -EPERM);
	a.u.cursorget.qc_cursor = &c;
	CHECK_EQ(qctl(&f, &a), -EPERM);
	become(&f, 0, 0);
	end(&f);
}

TEST(quota_of_one_type_only)
{
	struct quotaval v;
	struct fixture f;
	int def;

	make_image(&f, "newfs -F -s 4m -q group", "-O 1");
	up(&f);
	CHECK_EQ(xmount(&f, 0), 0);
	CHECK_EQ(qget(&f, 1, 0, 1, &v), 0);
	CHECK_EQ(qget(&f, 0, 0, 1, &v), -ENODEV);
	CHECK_EQ(qput(&f, 0, 3, 1, 1, 1, 1), -ENODEV);
	CHECK_EQ(count_all(&f, -1, 64, &def), 4);
	end(&f);
	make_image(&f, "newfs -F -s 4m", "-O 1");
	up(&f);
	CHECK_EQ(xmount(&f, 0), 0);
	CHECK_EQ(qget(&f, 1, 0, 1, &v), -EOPNOTSUPP);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	remove(f.img);
}

/* --- files that make no sense --- */

/* In a block of 4096 bytes: behind a table of 128 chains. newfs makes the first, for root. */
#define ENTRY(n) (112 + 128 * 8 + 96 * (n))

/* Byte offset of a type's quota file in the image. */
static int64_t
quota_place(struct fixture *f, int type, bool *swapped)
{
	uint8_t *p = malloc(4 << 20);
	FILE *fp = fopen(f->img, "rb");
	int64_t at = -1;

	CHECK(p != NULL && fp != NULL);
	CHECK_EQ(fread(p, 1, 4 << 20, fp), 4 << 20);
	fclose(fp);
	for (int64_t o = 0; o < 4 << 20 && at < 0; o += 512)
		for (int s = 0; s < 2; s++)
			if (ffs_get32(p + o, s) == Q2_HEAD_MAGIC &&
			    p[o + 4] == type) {
				at = o;
				*swapped = s;
			}
	free(p);
	CHECK(at > 0);
	return at;
}

static void
poke64(struct fixture *f, int64_t at, uint64_t v, bool swapped)
{
	FILE *fp = fopen(f->img, "r+b");
	uint8_t p[8];

	CHECK(fp != NULL);
	ffs_put64(p, v, swapped);
	CHECK_EQ(fseek(fp, (long)at, SEEK_SET), 0);
	CHECK_EQ(fwrite(p, 1, 8, fp), 8);
	fclose(fp);
}

/* Mounting it for writing is refused; then fsck -p looks, and mends; then it can be mounted. */
static void
refused_and_mended(struct fixture *f, bool keeps)
{
	struct quotaval v;

	up(f);
	CHECK_EQ(xmount(f, 0), -EINVAL);
	CHECK_EQ(xmount(f, MNT_RDONLY), 0);
	CHECK_EQ(xmount(f, MNT_UPDATE), -EINVAL);
	CHECK_EQ(xunmount(f, 0), 0);
	down(f);
	CHECK_EQ(tool("fsck_ffs -n", f), 2);
	CHECK(strstr(tool_said, "DAMAGED") != NULL);
	CHECK_EQ(tool("fsck_ffs -p", f), 0);
	CHECK(strstr(tool_said, "DAMAGED (") != NULL);
	fsck_clean(f);
	up(f);
	CHECK_EQ(xmount(f, 0), 0);
	CHECK_EQ(qget(f, 0, 0, 1, &v), 0);
	CHECK_EQ(v.qv_usage, 1);
	CHECK_EQ(qget(f, 0, 5, 0, &v), keeps ? 0 : -ENOENT);
	if (keeps)
		CHECK_EQ(v.qv_hardlimit, 40);
	end(f);
}

TEST(quota_hostile_files_are_refused_and_mended)
{
	struct fixture f;
	bool s;
	int64_t at;

	for (int i = 0; i < LAYOUTS; i++)
		for (int what = 0; what < 8; what++) {
			start(&f, layouts[i], 0);
			CHECK_EQ(qput(&f, 0, 5, 0, 20, 40, 1), 0);
			CHECK_EQ(xunmount(&f, 0), 0);
			down(&f);
			at = quota_place(&f, 0, &s);
			switch (what) {
			case 0: /* 5's chain goes around in a circle */
				poke64(&f, at + ENTRY(1) + 80, ENTRY(1), s);
				break;
			case 1: /* outside */
				poke64(&f, at + 112 + 16, 1 << 30, s);
				break;
			case 2: /* in the table */
				poke64(&f, at + 112 + 16, 112, s);
				break;
			case 3: /* free ones that do not end */
				poke64(&f, at + ENTRY(2) + 80, ENTRY(2), s);
				break;
			case 4: /* at no place for an entry */
				poke64(&f, at + 104, 4091, s);
				break;
			case 5: /* two chains meet */
				poke64(&f, at + 112 + 8 * 6, ENTRY(1), s);
				break;
			case 6: /* no header */
				poke64(&f, at, 0, s);
				break;
			default: /* the header's other numbers */
				poke64(&f, at,
				    s ? (uint64_t)Q2_HEAD_MAGIC << 32 |
					    0x00ff0001 :
					(uint64_t)Q2_HEAD_MAGIC |
					    (uint64_t)0x0001ff00 << 32,
				    s);
				break;
			}
			refused_and_mended(&f, what < 6);
		}
}

/* The other byte order and back: limits and counts stay. */
TEST(quota_byte_order_is_turned)
{
	struct quotaval v;
	struct fixture f;

	for (int i = 0; i < LAYOUTS; i++) {
		start(&f, layouts[i], 0);
		for (uint32_t id = 1; id <= 90; id++)
			CHECK_EQ(qput(&f, 0, id * 4096, 1, 20, 40, id), 0);
		CHECK_EQ(qput(&f, 1, QUOTA_DEFAULTID, 0, 5, 6, 7), 0);
		CHECK_EQ(xunmount(&f, 0), 0);
		down(&f);
		CHECK_EQ(
		    tool(i % 2 ? "fsck_ffs -y -B le" : "fsck_ffs -y -B be", &f),
		    0);
		fsck_clean(&f);
		up(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		CHECK_EQ(qget(&f, 0, 77 * 4096, 1, &v), 0);
		CHECK_EQ(v.qv_softlimit, 20);
		CHECK_EQ(v.qv_grace, 77);
		CHECK_EQ(qget(&f, 1, QUOTA_DEFAULTID, 0, &v), 0);
		CHECK_EQ(v.qv_hardlimit, 6);
		CHECK_EQ(usage(&f, 0, 0, 1), 1);
		/* The free ones are there too. */
		for (uint32_t id = 1; id <= 90; id++)
			CHECK_EQ(qput(&f, 1, id, 1, 20, 40, id), 0);
		end(&f);
	}
}

/* Counts that are wrong are mended; entries that are not there come, also when the file has to grow. */
TEST(quota_fsck_mends_counts)
{
	struct fixture f;
	char path[40];
	bool s;
	int64_t at;
	long fd;

	for (int i = 0; i < LAYOUTS; i++) {
		make_image(&f, "newfs -F -s 4m", layouts[i]);
		up(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		for (uint32_t k = 0; k < 120; k++) {
			snprintf(path, sizeof(path), "/mnt/%u", (unsigned)k);
			fd = xopen(&f, path, O_RDWR | O_CREAT);
			CHECK(fd >= 0);
			xclose(&f, fd);
			CHECK_EQ(xchown(&f, path, k, k * 64), 0);
		}
		CHECK_EQ(xunmount(&f, 0), 0);
		down(&f);
		remove(f.img);
		start(&f, layouts[i], 0);
		for (uint32_t k = 0; k < 120; k++) {
			snprintf(path, sizeof(path), "/mnt/%u", (unsigned)k);
			fd = xopen(&f, path, O_RDWR | O_CREAT);
			CHECK(fd >= 0);
			xclose(&f, fd);
			CHECK_EQ(xchown(&f, path, k, k * 64), 0);
		}
		CHECK_EQ(xunmount(&f, 0), 0);
		down(&f);
		/* All entries of both types are forgotten. */
		for (int type = 0; type < 2; type++) {
			at = quota_place(&f, type, &s);
			for (int h = 0; h < 128; h++)
				poke64(&f, at + 112 + 8 * h, 0, s);
			poke64(&f, at + 104, 0, s);
		}
		CHECK_EQ(tool("fsck_ffs -fn", &f), 2);
		CHECK(strstr(tool_said,
			  "USER QUOTA MISMATCH FOR ID 7: 0/0 SHOULD BE 0/1\n"
			  "FIX? no") != NULL);
		CHECK_EQ(tool(i % 2 ? "fsck_ffs -fy" : "fsck_ffs -fp", &f), 0);
		up(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		for (uint32_t k = 1; k < 120; k++)
			CHECK_EQ(usage(&f, 1, k * 64, 1), 1);
		end(&f);
	}
}

/* Damage that shows later: an entry counts less than there is. The call works, and the file system is not clean. */
TEST(quota_wrong_counts_ask_for_fsck)
{
	struct fixture f;
	bool s;
	int64_t at;
	long fd;

	start(&f, "-O 2", MNT_LOG);
	fd = xopen(&f, "/mnt/f", O_RDWR | O_CREAT);
	CHECK(fd >= 0);
	CHECK_EQ(xpwrite(&f, fd, "abc", 3, 0), 3);
	xclose(&f, fd);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	at = quota_place(&f, 0, &s);
	poke64(&f, at + ENTRY(0) + 16, 0, s);
	up(&f);
	CHECK_EQ(xmount(&f, MNT_LOG), 0);
	CHECK_EQ(xunlink(&f, "/mnt/f"), 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	CHECK_EQ(tool("fsck_ffs -p", &f), 0);
	CHECK(strstr(tool_said,
		  "MISMATCH FOR ID 0: 0/1 SHOULD BE 1/1 (FIXED)") != NULL);
	fsck_clean(&f);
	remove(f.img);
}

/* Any damage to a quota file: no call hangs or breaks the rest, and fsck_ffs makes it sound. CHECK_ROUNDS, CHECK_SEED. */
TEST(quota_files_of_any_content)
{
	const char *rounds = getenv("CHECK_ROUNDS"), *s0 = getenv("CHECK_SEED");
	int n = rounds != NULL ? atoi(rounds) : 48;
	struct fixture f;
	int64_t at;
	bool s;

	if (s0 != NULL)
		seed = (uint32_t)atoi(s0);
	for (int i = 0; i < n; i++) {
		start(&f, layouts[i % LAYOUTS], i % 3 == 0 ? MNT_LOG : 0);
		for (uint32_t id = 1; id < 12; id++)
			CHECK_EQ(qput(&f, 0, id * 128, 0, 20, 40, 1), 0);
		CHECK_EQ(xunmount(&f, 0), 0);
		down(&f);
		at = quota_place(&f, 0, &s);
		for (uint32_t k = rnd(3) + 1; k > 0; k--) {
			uint32_t where = rnd(4) == 0 ? rnd(14) * 8 :
			    rnd(2) == 0		     ? 112 + rnd(16) * 8 :
						       rnd(500) * 8;

			poke64(&f, at + where,
			    rnd(3) == 0 ? rnd(60000) :
				rnd(2)	? ENTRY(rnd(30)) :
					  (uint64_t)rnd(65536) << 48 | rnd(65536),
			    s);
		}
		up(&f);
		if (xmount(&f, i % 3 == 1 ? MNT_LOG : 0) == 0) {
			for (int k = 0; k < 60; k++)
				random_step(&f);
			for (uint32_t id = 0; id < 12; id++) {
				(void)!qput(&f, 0, id * 128, 0, 5, 6, 7);
				(void)!qdel(&f, 0, id * 128, 0);
				(void)!qdel(&f, 0, id * 128, 1);
			}
			CHECK_EQ(xunmount(&f, 0), 0);
		}
		down(&f);
		CHECK_EQ(tool("fsck_ffs -fy", &f), 0);
		fsck_clean(&f);
		up(&f);
		CHECK_EQ(xmount(&f, 0), 0);
		end(&f);
	}
}

int
main(void)
{
	RUN(quota_cursor_shows_every_entry);
	RUN(quota_calls_of_bad_will);
	RUN(quota_of_one_type_only);
	RUN(quota_hostile_files_are_refused_and_mended);
	RUN(quota_byte_order_is_turned);
	RUN(quota_fsck_mends_counts);
	RUN(quota_wrong_counts_ask_for_fsck);
	RUN(quota_files_of_any_content);
	return check_done();
}
