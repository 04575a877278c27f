/* SPDX-License-Identifier: BSD-2-Clause */
/* Images that NetBSD wrote, read to the last byte. */
#include "ffs_calls.h"

static void
read_image(const char *name, int flags)
{
	struct fixture f;

	image(&f, name);
	up(&f);
	CHECK_EQ(xmount(&f, flags), 0);
	CHECK_EQ(compare_list(&f, name), 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	remove(f.img);
}

TEST(image_ufs1_little_endian)
{
	read_image("ffs1-le", MNT_RDONLY);
}

TEST(image_ufs2_little_endian)
{
	read_image("ffs2-le", MNT_RDONLY);
}

TEST(image_ufs1_big_endian)
{
	read_image("ffs1-be", MNT_RDONLY);
}

TEST(image_ufs2_big_endian)
{
	read_image("ffs2-be", MNT_RDONLY);
}

TEST(image_old_format)
{
	read_image("ffs1-o0", MNT_RDONLY);
}

TEST(image_log_dirty_readonly_shows_state_after_replay)
{
	read_image("ffs1-log-dirty", MNT_RDONLY);
	read_image("ffs2-log-dirty", MNT_RDONLY);
}

TEST(image_log_dirty_writable_is_replayed)
{
	read_image("ffs1-log-dirty", MNT_LOG);
	read_image("ffs2-log-dirty", 0);
}

int
main(void)
{
	RUN(image_ufs1_little_endian);
	RUN(image_ufs2_little_endian);
	RUN(image_ufs1_big_endian);
	RUN(image_ufs2_big_endian);
	RUN(image_old_format);
	RUN(image_log_dirty_readonly_shows_state_after_replay);
	RUN(image_log_dirty_writable_is_replayed);
	return check_done();
}
