/* SPDX-License-Identifier: BSD-2-Clause */
/* Images that NetBSD wrote, read to the last byte. */
#include "ffs_calls.h"

static void
read_image(const char *name, int flags, int differ)
{
	struct fixture f;

	image(&f, name);
	up(&f);
	CHECK_EQ(xmount(&f, flags), 0);
	CHECK_EQ(compare_list(&f, name, true), differ);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	remove(f.img);
}

TEST(image_ufs1_little_endian)
{
	read_image("ffs1-le", MNT_RDONLY, 0);
}

TEST(image_ufs2_little_endian)
{
	read_image("ffs2-le", MNT_RDONLY, 0);
}

TEST(image_ufs1_big_endian)
{
	read_image("ffs1-be", MNT_RDONLY, 0);
}

TEST(image_ufs2_big_endian)
{
	read_image("ffs2-be", MNT_RDONLY, 0);
}

TEST(image_old_format)
{
	/* Three owners beyond 16 bits: the list has them as they were in memory, the disk (and NetBSD's later mounts) cut. */
	read_image("ffs1-o0", MNT_RDONLY, 3);
}

TEST(image_log_dirty_readonly_shows_state_after_replay)
{
	read_image("ffs1-log-dirty", MNT_RDONLY, 0);
	read_image("ffs2-log-dirty", MNT_RDONLY, 0);
}

TEST(image_log_dirty_writable_is_replayed)
{
	read_image("ffs1-log-dirty", MNT_LOG, 0);
	read_image("ffs2-log-dirty", 0, 0);
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
