/* SPDX-License-Identifier: BSD-2-Clause */
/* raid: one component fails at any of its requests; the power goes at any write; labels of any content. */
#define RAID_FILES "raid_fault_test" /* tests run side by side */
#include "raid_calls.h"

#define COMP ((size_t)200 << 10)
#define OPS 12

static const struct shape {
	char level;
	int cols, su;
} shapes[] = { { '1', 2, 8 }, { '4', 3, 4 }, { '5', 3, 8 }, { '5', 5, 2 } };
#define NSHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void
fault(int comp, int at, int count, int kind)
{
	for (int i = 0; i < MAXCOMPS; i++)
		atomic_store(&requests[i], 0);
	atomic_store(&fault_at, at);
	atomic_store(&fault_count, count);
	atomic_store(&fault_kind, kind);
	atomic_store(&fault_comp, comp);
}

static void
fresh(const struct shape *s, unsigned n)
{
	seed = n;
	set_up(s->level, s->cols, 0, s->su, COMP);
	model_begin();
	exercise(2);
	rewrite_parity();
}

static void
over(void)
{
	faults_off();
	model_end();
	tear_down();
}

/* --- one component fails ------------------------------------------------------------------ */

/* Its nth request and all after it. The set gives right data, then and after it is rebuilt. */
static bool
fails_at(const struct shape *s, int comp, int at, int count, int kind)
{
	bool hit;

	fresh(s, (unsigned)(at * 31 + comp));
	fault(comp, at, count, kind);
	for (int i = 0; i < OPS; i++) {
		CHECK_EQ(write_random(), 0);
		read_random();
	}
	hit = atomic_load(&requests[comp]) > at;
	faults_off();
	check_all();
	/* Nobody but this one. */
	for (int c = 0; c < set_cols; c++)
		CHECK(c == comp || status_of(c) == rf_ds_optimal);
	if (hit)
		CHECK_EQ(status_of(comp), rf_ds_failed);
	CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
	CHECK_EQ(configure(false), 0);
	CHECK_EQ(status_of(comp), hit ? rf_ds_failed : rf_ds_optimal);
	check_all();
	CHECK_EQ(single(RAIDFRAME_REBUILD_IN_PLACE, comp, NULL), 0);
	wait_for(RAIDFRAME_CHECK_RECON_STATUS);
	check_all();
	CHECK_EQ(wrong_sectors(NULL), 0);
	over();
	return hit;
}

TEST(any_request_may_be_the_one_that_fails)
{
	for (size_t i = 0; i < NSHAPES; i++)
		for (int comp = 0; comp < shapes[i].cols; comp++)
			for (int at = 0; at < 40; at++)
				if (!fails_at(&shapes[i], comp, at, 1 << 30,
					FAULT_EIO))
					break;
}

TEST(one_request_that_fails_is_enough)
{
	for (size_t i = 0; i < NSHAPES; i++)
		for (int at = 0; at < 25; at += 3)
			(void)fails_at(
			    &shapes[i], at % shapes[i].cols, at, 1, FAULT_EIO);
}

TEST(writes_that_are_torn)
{
	for (size_t i = 0; i < NSHAPES; i++)
		for (int at = 0; at < 25; at += 2)
			(void)fails_at(&shapes[i], at % shapes[i].cols, at,
			    1 << 30, FAULT_TORN);
}

/* The last one that the data need is not failed: its errors are the caller's. */
TEST(second_failure_is_an_error)
{
	for (size_t i = 0; i < NSHAPES; i++)
		for (int comp = 1; comp < shapes[i].cols; comp++) {
			int failed = 0;

			fresh(&shapes[i], 5);
			CHECK_EQ(fail_column(0, false), 0);
			fault(comp, 0, 1 << 30, FAULT_EIO);
			for (int k = 0; k < 40; k++) {
				size_t off, n;

				random_range(&off, &n);
				failed += l_pread(fx.l, rfd, scratch, n,
					      (off_t)off) < 0;
			}
			CHECK(failed > 0);
			CHECK_EQ(status_of(comp), rf_ds_optimal);
			faults_off();
			check_all();
			over();
		}
}

TEST(rebuilding_meets_errors)
{
	struct RF_ComponentLabel_s before;

	for (int at = 0; at < 12; at++)
		for (int comp = 0; comp < 3; comp++) {
			fresh(&shapes[2], (unsigned)at);
			before = label_on(1);
			CHECK_EQ(fail_column(1, false), 0);
			fault(comp, at, 1, FAULT_EIO);
			CHECK_EQ(single(RAIDFRAME_REBUILD_IN_PLACE, 1, NULL), 0);
			wait_for(RAIDFRAME_CHECK_RECON_STATUS);
			faults_off();
			if (status_of(1) == rf_ds_failed)
				CHECK_EQ(label_on(1).mod_counter,
				    before.mod_counter);
			else
				CHECK_EQ(wrong_sectors(NULL), 0);
			check_all();
			exercise(3);
			CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
			CHECK_EQ(configure(false), 0);
			check_all();
			over();
		}
}

TEST(parity_rewriting_meets_errors)
{
	for (int at = 0; at < 10; at++)
		for (int comp = 0; comp < 3; comp++) {
			seed = (unsigned)at;
			set_up('5', 3, 0, 8, COMP);
			model_begin();
			exercise(3);
			fault(comp, at, 1, FAULT_EIO);
			rewrite_parity();
			faults_off();
			if (status_of(comp) == rf_ds_optimal)
				CHECK_EQ(parity_good(), 1);
			check_all();
			over();
		}
}

/* --- the power goes ------------------------------------------------------------------------ */

/* Sectors of the last write have what was before, or what was written. */
static void
check_torn(size_t off, size_t n, const uint8_t *after)
{
	uint8_t *p = malloc((size_t)set_size);

	CHECK_EQ(l_pread(fx.l, rfd, p, (size_t)set_size, 0), (long)set_size);
	for (size_t i = 0; i < set_size; i += 512) {
		bool old = memcmp(p + i, model + i, 512) == 0;
		bool new = i >= off &&i <
			off + n &&memcmp(p + i, after + i - off, 512) ==
		    0;

		CHECK(old || new);
	}
	memcpy(model, p, (size_t)set_size);
	free(p);
}

static void
cut_at(const struct shape *s, int writes, bool degraded)
{
	size_t off = 0, n = 0;
	uint8_t *after;

	fresh(s, (unsigned)writes + 100);
	after = malloc((size_t)set_size);
	if (degraded)
		CHECK_EQ(fail_column(writes % set_cols, false), 0);
	atomic_store(&power_left, writes);
	atomic_store(&power_counts, true);
	while (atomic_load(&power_left) >= 0) {
		random_range(&off, &n);
		for (size_t i = 0; i < n; i++)
			after[i] = (uint8_t)next();
		CHECK_EQ(l_pwrite(fx.l, rfd, after, n, (off_t)off), (long)n);
		if (atomic_load(&power_left) >= 0)
			memcpy(model + off, after, n);
	}
	crash();
	boot();
	CHECK_EQ(configure(false), 0);
	if (!degraded) {
		for (int c = 0; c < set_cols; c++)
			CHECK_EQ(status_of(c), rf_ds_optimal);
		if (parity_good())
			CHECK_EQ(wrong_sectors(NULL), 0);
		rewrite_parity();
		CHECK_EQ(parity_good(), 1);
		CHECK_EQ(wrong_sectors(NULL), 0);
		check_torn(off, n, after);
		/* And without any one. */
		CHECK_EQ(fail_column(writes % set_cols, false), 0);
		check_all();
		exercise(3);
	} else {
		CHECK_EQ(status_of(writes % set_cols), rf_ds_failed);
	}
	free(after);
	over();
}

TEST(parity_is_right_after_any_cut)
{
	for (size_t i = 0; i < NSHAPES; i++)
		for (int writes = 0; writes < 40; writes++)
			cut_at(&shapes[i], writes, false);
}

TEST(failed_component_stays_failed_after_a_cut)
{
	for (size_t i = 0; i < NSHAPES; i++)
		for (int writes = 0; writes < 10; writes++)
			cut_at(&shapes[i], writes, true);
}

/* A failing component, and the power goes while the others are told. */
TEST(cut_while_a_component_fails)
{
	for (int writes = 0; writes < 12; writes++) {
		fresh(&shapes[2], (unsigned)writes);
		atomic_store(&power_left, writes);
		atomic_store(&power_counts, true);
		(void)fail_column(1, false);
		crash();
		boot();
		CHECK_EQ(configure(false), 0);
		check_all();
		over();
	}
}

/* --- labels of any content --------------------------------------------------------------------- */

TEST(labels_of_any_content)
{
	for (int i = 0; i < 400; i++) {
		int32_t label[98];
		struct iovec iov = { label, sizeof(label) };
		int fd, comp = i % 3;

		seed = (unsigned)i + 1;
		if (i % 40 == 0) {
			if (i > 0)
				over();
			fresh(&shapes[2], 3);
			CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
		}
		fd = hostfile(comp_path(comp), 0);
		CHECK_EQ(
		    host_linux.preadv(fd, &iov, 1, 16384), (long)sizeof(label));
		for (int k = 0; k < 1 + (int)(next() % 3); k++) {
			static const int32_t odd[] = { 0, -1, 1, INT32_MAX,
				INT32_MIN, 1 << 16, '5', 64 };

			label[next() % 24] = odd[next() % 8];
		}
		CHECK_EQ(host_linux.pwritev(fd, &iov, 1, 16384),
		    (long)sizeof(label));
		host_linux.close(fd);
		if (configure(false) == 0) {
			CHECK(set_size <= 2 * COMP);
			CHECK_EQ(l_pread(fx.l, rfd, scratch, 512, 0), 512);
			CHECK_EQ(l_pwrite(fx.l, rfd, scratch, 512, 0), 512);
			CHECK_EQ(request(RAIDFRAME_SHUTDOWN, NULL), 0);
		}
	}
	over();
}

int
main(void)
{
	RUN(any_request_may_be_the_one_that_fails);
	RUN(one_request_that_fails_is_enough);
	RUN(writes_that_are_torn);
	RUN(second_failure_is_an_error);
	RUN(rebuilding_meets_errors);
	RUN(parity_rewriting_meets_errors);
	RUN(parity_is_right_after_any_cut);
	RUN(failed_component_stays_failed_after_a_cut);
	RUN(cut_while_a_component_fails);
	RUN(labels_of_any_content);
	return check_done();
}
