/* SPDX-License-Identifier: BSD-2-Clause */
/* raid: layouts, labels, reading and writing with and without a component, spares, rebuilding, copyback, the parity map. */
#define RAID_FILES "raid_test" /* tests run side by side */
#include "raid_calls.h"
#include "dev/raid/rf_var.h"

#define COMP ((size_t)600 << 10)

static const struct shape {
	char level;
	int cols, su;
} shapes[] = { { '0', 1, 8 }, { '0', 2, 16 }, { '0', 3, 8 }, { '1', 2, 32 },
	{ '1', 2, 1 }, { '4', 3, 8 }, { '4', 5, 16 }, { '5', 2, 8 },
	{ '5', 3, 8 }, { '5', 4, 1 }, { '5', 5, 32 }, { '5', 6, 128 },
	{ '5', 3, 512 } };
#define NSHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void
shaped(const struct shape *s, int spares)
{
	seed = 7;
	set_up(s->level, s->cols, spares, s->su, COMP);
	model_begin();
	/* What is on the components of a new set is anything: zeros here. */
	CHECK_EQ(set_size % 512, 0);
}

static void
unshaped(void)
{
	model_end();
	tear_down();
}

/* --- sums ---------------------------------------------------------------------------- */

TEST(xor_of_any_length_and_place)
{
	static uint8_t a[200], b[200], c[200], d[200];

	for (size_t at = 0; at < 9; at++)
		for (size_t n = 0; n < 150; n++) {
			for (size_t i = 0; i < sizeof(a); i++) {
				a[i] = (uint8_t)next();
				b[i] = (uint8_t)next();
				c[i] = b[i];
				d[i] = 0;
			}
			rf_xor(b + at, a, n);
			for (size_t i = 0; i < sizeof(a); i++)
				CHECK_EQ(b[i],
				    i >= at && i < at + n ? c[i] ^ a[i - at] :
							    c[i]);
			memcpy(b, c, sizeof(b));
			rf_copyxor(d + at, b + at, a, n);
			for (size_t i = at; i < at + n; i++)
				CHECK(d[i] == a[i - at] &&
				    b[i] == (c[i] ^ a[i - at]));
			CHECK(d[at + n] == 0 && b[at + n] == c[at + n]);
			memset(d, 0, sizeof(d));
			CHECK(rf_iszero(d + at, n));
			d[at + n] = 1;
			CHECK(rf_iszero(d + at, n));
			CHECK(!rf_iszero(d + at, n + 1));
		}
}

/* --- reading and writing ---------------------------------------------------------------- */

TEST(all_shapes_keep_what_is_written)
{
	for (size_t i = 0; i < NSHAPES; i++) {
		shaped(&shapes[i], 0);
		exercise(60);
		if (set_level != '0')
			CHECK_EQ(wrong_sectors(NULL), 0);
		CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
		CHECK_EQ(configure(false), 0);
		check_all();
		unshaped();
	}
}

/* Sectors of 4 KiB: all places move with them, but the label's. */
TEST(larger_sectors)
{
	secsize = 4096;
	for (int col = 0; col < 3; col++) {
		set_up('5', 3, 0, 2, (size_t)2 << 20);
		model_begin();
		rewrite_parity();
		exercise(10);
		CHECK_EQ(fail_column(col, false), 0);
		exercise(10);
		CHECK_EQ(single(RAIDFRAME_REBUILD_IN_PLACE, col, NULL), 0);
		wait_for(RAIDFRAME_CHECK_RECON_STATUS);
		CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
		CHECK_EQ(label_on(col).blockSize, 4096);
		CHECK_EQ(configure(false), 0);
		check_all();
		CHECK_EQ(wrong_sectors(NULL), 0);
		unshaped();
	}
	secsize = 512;
}

TEST(any_component_may_fail)
{
	for (size_t i = 0; i < NSHAPES; i++)
		for (int col = 0; col < shapes[i].cols; col++) {
			if (shapes[i].level == '0')
				continue;
			shaped(&shapes[i], 0);
			exercise(10);
			CHECK_EQ(fail_column(col, false), 0);
			CHECK_EQ(status_of(col), rf_ds_failed);
			CHECK_EQ(fail_column(col, false), -EINVAL);
			CHECK_EQ(
			    fail_column((col + 1) % set_cols, false), -EINVAL);
			check_all();
			exercise(40);
			/* Once more after a configuration. */
			CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
			CHECK_EQ(configure(false), 0);
			CHECK_EQ(status_of(col), rf_ds_failed);
			exercise(10);
			CHECK_EQ(
			    single(RAIDFRAME_REBUILD_IN_PLACE, col, NULL), 0);
			wait_for(RAIDFRAME_CHECK_RECON_STATUS);
			CHECK_EQ(status_of(col), rf_ds_optimal);
			CHECK_EQ(wrong_sectors(NULL), 0);
			exercise(10);
			CHECK_EQ(wrong_sectors(NULL), 0);
			unshaped();
		}
}

TEST(without_redundancy_nothing_fails)
{
	shaped(&shapes[1], 0);
	CHECK_EQ(fail_column(0, false), -EINVAL);
	CHECK_EQ(single(RAIDFRAME_REBUILD_IN_PLACE, 0, NULL), -EINVAL);
	CHECK_EQ(request(RAIDFRAME_COPYBACK, NULL), -EINVAL);
	CHECK_EQ(parity_good(), 0);
	CHECK_EQ(request(RAIDFRAME_REWRITEPARITY, NULL), 0);
	CHECK_EQ(parity_good(), 1);
	unshaped();
}

/* Where NetBSD puts units: the first ones of each stripe, and parity. */
TEST(layout_is_left_symmetric)
{
	static const uint8_t where[3][3] = { { 1, 2, 0 }, { 4, 0, 3 },
		{ 0, 5, 6 } }; /* stripe, column: unit, 0: parity */
	static uint8_t unit[8 * 512];
	uint8_t *p[3];

	shaped(&shapes[8], 0);
	for (int u = 1; u <= 6; u++) {
		memset(unit, u, sizeof(unit));
		CHECK_EQ(l_pwrite(fx.l, rfd, unit, sizeof(unit),
			     (off_t)((u - 1) * (int)sizeof(unit))),
		    (long)sizeof(unit));
	}
	for (int c = 0; c < 3; c++)
		p[c] = comp_bytes(c);
	for (int s = 0; s < 3; s++)
		for (int c = 0; c < 3; c++) {
			int u = where[s][c];
			int byte = p[c][DATA_AT + s * (int)sizeof(unit)];

			CHECK_EQ(byte,
			    u != 0     ? u :
				s == 0 ? 1 ^ 2 :
				s == 1 ? 3 ^ 4 :
					 5 ^ 6);
		}
	for (int c = 0; c < 3; c++)
		free(p[c]);
	unshaped();
}

/* --- spares ------------------------------------------------------------------------------ */

TEST(spare_takes_over_and_copyback_returns)
{
	static const int after[] = { 0, 3, 2 };

	shaped(&shapes[8], 1);
	exercise(20);
	rewrite_parity();
	CHECK_EQ(status_of(3), rf_ds_spare);
	CHECK_EQ(fail_column(1, true), 0);
	wait_for(RAIDFRAME_CHECK_RECON_STATUS);
	CHECK_EQ(status_of(1), rf_ds_spared);
	CHECK_EQ(status_of(3), rf_ds_used_spare);
	exercise(20);
	CHECK_EQ(wrong_sectors(after), 0);
	CHECK_EQ(label_on(3).column, 1);
	/* The spare is a component now. */
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	set_spares = 0;
	CHECK_EQ(configure_as(after, false), 0);
	CHECK_EQ(parity_good(), 1);
	check_all();
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	/* The one that it stands for is behind. */
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(status_of(1), rf_ds_failed);
	CHECK_EQ(single(RAIDFRAME_ADD_HOT_SPARE, 0, "/d3"), 0);
	CHECK_EQ(single(RAIDFRAME_ADD_HOT_SPARE, 0, "/d3"), -EBUSY);
	CHECK_EQ(fail_column(1, true), 0);
	wait_for(RAIDFRAME_CHECK_RECON_STATUS);
	CHECK_EQ(request(RAIDFRAME_COPYBACK, NULL), 0);
	for (int i = 0; i < 30; i++) {
		CHECK_EQ(write_random(), 0);
		read_random();
	}
	wait_for(RAIDFRAME_CHECK_COPYBACK_STATUS);
	CHECK_EQ(status_of(1), rf_ds_optimal);
	exercise(20);
	CHECK_EQ(wrong_sectors(NULL), 0);
	CHECK_EQ(single(RAIDFRAME_REMOVE_HOT_SPARE, 0, "/d3"), 0);
	unshaped();
}

TEST(spares_are_added_and_removed)
{
	shaped(&shapes[8], 1);
	CHECK_EQ(single(RAIDFRAME_REMOVE_HOT_SPARE, 0, "/d3"), 0);
	CHECK_EQ(fail_column(0, true), -ENOSPC);
	CHECK_EQ(single(RAIDFRAME_ADD_HOT_SPARE, 0, "/none"), -ENOENT);
	CHECK_EQ(single(RAIDFRAME_ADD_HOT_SPARE, 0, "/d3"), 0);
	CHECK_EQ(single(RAIDFRAME_INCORPORATE_HOT_SPARE, 0, "/d3"), -EINVAL);
	CHECK_EQ(fail_column(0, false), 0);
	CHECK_EQ(single(RAIDFRAME_DELETE_COMPONENT, 0, NULL), 0);
	CHECK_EQ(single(RAIDFRAME_DELETE_COMPONENT, 1, NULL), -EINVAL);
	CHECK_EQ(single(RAIDFRAME_INCORPORATE_HOT_SPARE, 0, "/d3"), 0);
	wait_for(RAIDFRAME_CHECK_RECON_STATUS);
	CHECK_EQ(status_of(3), rf_ds_used_spare);
	CHECK_EQ(single(RAIDFRAME_REMOVE_HOT_SPARE, 0, "/d3"), -EBUSY);
	exercise(10);
	unshaped();
}

/* --- beside transfers ---------------------------------------------------------------------- */

static long
write_on(struct lwp *l, void *arg)
{
	static uint8_t buf[5000 / 512 * 512];
	_Atomic bool *stop = arg;
	long n = 0;

	for (unsigned i = 1; !atomic_load(stop); i++) {
		off_t off = (off_t)(i * 7919 % (set_size / 512 - 10) * 512);

		memset(buf, (int)i, sizeof(buf));
		if (l_pwrite(l, rfd, buf, sizeof(buf), off) != (long)sizeof(buf))
			return -1;
		n++;
	}
	return n;
}

TEST(jobs_run_beside_writes)
{
	_Atomic bool stop = false;
	struct side side;

	shaped(&shapes[8], 1);
	side_begin(&side, fx.p, write_on, (void *)&stop);
	for (int i = 0; i < 3; i++) {
		rewrite_parity();
		CHECK_EQ(parity_good(), 1);
		CHECK_EQ(fail_column(1, true), 0);
		wait_for(RAIDFRAME_CHECK_RECON_STATUS);
		CHECK_EQ(request(RAIDFRAME_COPYBACK, NULL), 0);
		wait_for(RAIDFRAME_CHECK_COPYBACK_STATUS);
		CHECK_EQ(status_of(1), rf_ds_optimal);
		CHECK_EQ(single(RAIDFRAME_REBUILD_IN_PLACE, 2, NULL), 0);
		wait_for(RAIDFRAME_CHECK_RECON_STATUS);
	}
	atomic_store(&stop, true);
	CHECK_EQ(side_end(&side) < 0 ? side.result : 0, 0);
	CHECK_EQ(wrong_sectors(NULL), 0);
	unshaped();
}

TEST(shutdown_ends_a_job)
{
	shaped(&shapes[8], 1);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(request(RAIDFRAME_REWRITEPARITY, NULL), 0);
		CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
		CHECK_EQ(configure(false), 0);
		CHECK_EQ(fail_column(0, true), 0);
		CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
		CHECK_EQ(configure(true), 0);
	}
	unshaped();
}

/* --- configuring --------------------------------------------------------------------------- */

TEST(labels_are_asked_for)
{
	static const int swapped[] = { 1, 0, 2 }, absent[] = { 0, -1, 2 },
			 two[] = { 0, -1, -1 };
	struct RF_ComponentLabel_s label;
	void *p = &label;

	make_comps(4, COMP);
	boot();
	set_level = '5';
	set_cols = 3;
	set_su = 8;
	set_spares = 0;
	CHECK_EQ(configure(false), -EINVAL);
	CHECK_EQ(configure_as(two, true), -EINVAL);
	CHECK_EQ(configure(true), 0);
	CHECK_EQ(configure(true), -EINVAL);
	rewrite_parity();
	memset(&label, 0, sizeof(label));
	label.column = 2;
	CHECK_EQ(request(RAIDFRAME_GET_COMPONENT_LABEL, &p), 0);
	CHECK_EQ(label.column, 2);
	CHECK_EQ(label.version, 2);
	CHECK_EQ(label.clean, 0);
	label.column = 3;
	CHECK_EQ(request(RAIDFRAME_GET_COMPONENT_LABEL, &p), -EINVAL);
	label.column = -1;
	CHECK_EQ(request(RAIDFRAME_GET_COMPONENT_LABEL, &p), -EINVAL);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(label_on(0).clean, 1);
	CHECK_EQ(label_on(0).mod_counter, label_on(2).mod_counter);
	CHECK_EQ(label_on(0).parity_map_modcount, label_on(2).mod_counter);
	CHECK_EQ(configure_as(swapped, false), -EINVAL);
	CHECK_EQ(configure_as(two, false), -EINVAL);
	CHECK_EQ(configure_as(absent, false), 0);
	CHECK_EQ(status_of(1), rf_ds_failed);
	CHECK_EQ(request(RAIDFRAME_REWRITEPARITY, NULL), -EINVAL);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(status_of(1), rf_ds_failed);
	CHECK_EQ(parity_good(), 1);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	set_su = 16;
	CHECK_EQ(configure(false), -EINVAL);
	tear_down();
}

/* Each half of a mirror was alone for a while: the one that went on longer has the data. */
TEST(halves_that_were_alone)
{
	static const int first[] = { 0, -1 }, second[] = { -1, 1 };

	set_up('1', 2, 0, 16, COMP);
	model_begin();
	rewrite_parity();
	exercise(10);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(configure_as(first, false), 0);
	exercise(5);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(configure_as(second, false), 0);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(configure_as(second, false), 0);
	memset(scratch, 0x5a, 4096);
	CHECK_EQ(l_pwrite(fx.l, rfd, scratch, 4096, 0), 4096);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK(label_on(1).mod_counter > label_on(0).mod_counter);
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(status_of(0), rf_ds_failed);
	CHECK_EQ(status_of(1), rf_ds_optimal);
	CHECK_EQ(l_pread(fx.l, rfd, scratch, 4096, 0), 4096);
	CHECK_EQ(scratch[100], 0x5a);
	CHECK_EQ(single(RAIDFRAME_REBUILD_IN_PLACE, 0, NULL), 0);
	wait_for(RAIDFRAME_CHECK_RECON_STATUS);
	CHECK_EQ(wrong_sectors(NULL), 0);
	model_end();
	tear_down();
}

TEST(configurations_that_are_wrong)
{
	static const struct {
		char level;
		int cols, su;
	} t[] = { { '0', 0, 8 }, { '1', 3, 8 }, { '1', 1, 8 }, { '5', 1, 8 },
		{ '6', 3, 8 }, { 0, 3, 8 }, { '5', 3, 0 }, { '5', 3, -1 },
		{ '5', 3, 1 << 20 }, { '5', 3, 4096 } };

	make_comps(3, COMP);
	boot();
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		set_level = t[i].level;
		set_cols = t[i].cols;
		set_su = t[i].su;
		set_spares = 0;
		CHECK_EQ(configure(true), -EINVAL);
	}
	tear_down();
}

TEST(requests_of_no_set)
{
	static const unsigned long cmds[] = { RAIDFRAME_GET_INFO,
		RAIDFRAME_CHECK_PARITY, RAIDFRAME_REWRITEPARITY,
		RAIDFRAME_COPYBACK, RAIDFRAME_GET_SIZE,
		RAIDFRAME_CHECK_RECON_STATUS, RAIDFRAME_PARITYMAP_STATUS };
	static uint8_t room[4096];

	make_comps(1, COMP);
	boot();
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		CHECK_EQ(request(cmds[i], room), -ENXIO);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK(l_open(fx.l, "/dev/rraid0a", O_RDONLY, 0) == -ENXIO);
	tear_down();
}

/* After a boot the set is there at the first open, without the one that it lost. */
TEST(sets_configure_themselves)
{
	int yes = 1, no = 0;

	set_up('5', 3, 0, 8, COMP);
	model_begin();
	rewrite_parity();
	exercise(5);
	CHECK_EQ(request(RAIDFRAME_SET_AUTOCONFIG, &yes), 0);
	halt();
	CHECK_EQ(label_on(1).autoconfigure, 1);
	boot();
	CHECK_EQ(status_of(1), rf_ds_optimal);
	CHECK_EQ(configure(false), -EINVAL);
	exercise(5);
	CHECK_EQ(fail_column(1, false), 0);
	halt();
	boot();
	CHECK_EQ(status_of(1), rf_ds_failed);
	check_all();
	/* Only once. */
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(l_close(fx.l, rfd), 0);
	rfd = l_open(fx.l, RAWDEV, O_RDWR, 0);
	CHECK(rfd >= 0);
	CHECK_EQ(configure(false), 0);
	check_all();
	/* As another unit. */
	CHECK_EQ(request(RAIDFRAME_SET_LAST_UNIT, &yes), 0);
	halt();
	CHECK_EQ(label_on(0).last_unit, 1);
	boot();
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(request(RAIDFRAME_SET_AUTOCONFIG, &no), 0);
	halt();
	boot();
	CHECK_EQ(configure(false), 0);
	check_all();
	model_end();
	tear_down();
}

/* --- the parity map ------------------------------------------------------------------------ */

TEST(map_knows_what_was_written)
{
	struct rf_pmparams params = { .regions = 64 };
	struct rf_pmstat st;
	uint8_t *p;

	set_up('5', 3, 0, 8, COMP);
	model_begin();
	rewrite_parity();
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_SET_PARAMS, &params), 0);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_STATUS, &st), 0);
	CHECK_EQ(st.enabled, 1);
	CHECK_EQ(st.params.regions, 64);
	CHECK_EQ(st.params.cooldown, 8);
	CHECK_EQ(st.params.tickms, 40000);
	CHECK_EQ(st.dirty[0], 0);
	CHECK(st.region_size * 64 >= (int64_t)set_size / 512);
	CHECK_EQ(l_pwrite(fx.l, rfd, scratch, 512, 0), 512);
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_STATUS, &st), 0);
	CHECK_EQ(st.dirty[0], 1);
	p = comp_bytes(1);
	CHECK_EQ(p[16384 + 1024], 1);
	free(p);
	crash();
	boot();
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(parity_good(), 0);
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_STATUS, &st), 0);
	CHECK_EQ(st.dirty[0], 1);
	CHECK_EQ(st.dirty[1], 0);
	rewrite_parity();
	CHECK_EQ(parity_good(), 1);
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_STATUS, &st), 0);
	CHECK_EQ(st.dirty[0], 0);
	/* After a crash without writes nothing is in doubt. */
	crash();
	boot();
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(parity_good(), 1);
	model_end();
	tear_down();
}

TEST(map_cools_down)
{
	struct rf_pmparams params = { .cooldown = 1, .tickms = 20 };
	struct rf_pmstat st;

	set_up('1', 2, 0, 8, COMP);
	model_begin();
	rewrite_parity();
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_SET_PARAMS, &params), 0);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(configure(false), 0);
	exercise(5);
	do
		CHECK_EQ(request(RAIDFRAME_PARITYMAP_STATUS, &st), 0);
	while (st.dirty[0] != 0);
	CHECK(st.ctrs.nclearing > 0 && st.ctrs.nwrite > 0);
	exercise(5);
	params.cooldown = -1;
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_SET_PARAMS, &params), -EINVAL);
	model_end();
	tear_down();
}

TEST(map_may_be_off)
{
	int yes = 1, no = 0;

	set_up('5', 3, 0, 8, COMP);
	model_begin();
	rewrite_parity();
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_SET_DISABLE, &yes), 0);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(request(RAIDFRAME_PARITYMAP_GET_DISABLE, &no), 0);
	CHECK_EQ(no, 1);
	CHECK_EQ(parity_good(), 1);
	exercise(10);
	crash();
	boot();
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(parity_good(), 0);
	rewrite_parity();
	check_all();
	model_end();
	tear_down();
}

int
main(void)
{
	RUN(xor_of_any_length_and_place);
	RUN(all_shapes_keep_what_is_written);
	RUN(larger_sectors);
	RUN(any_component_may_fail);
	RUN(without_redundancy_nothing_fails);
	RUN(layout_is_left_symmetric);
	RUN(spare_takes_over_and_copyback_returns);
	RUN(spares_are_added_and_removed);
	RUN(jobs_run_beside_writes);
	RUN(shutdown_ends_a_job);
	RUN(labels_are_asked_for);
	RUN(halves_that_were_alone);
	RUN(configurations_that_are_wrong);
	RUN(requests_of_no_set);
	RUN(sets_configure_themselves);
	RUN(map_knows_what_was_written);
	RUN(map_cools_down);
	RUN(map_may_be_off);
	return check_done();
}
