/* SPDX-License-Identifier: BSD-2-Clause */
/* Host files that etfs shows: opened once, claimed by their writers. */
#include <netbsd/fcntl.h>
#include <stdio.h>
#include "dev/etfs_private.h"

int
etfs_image_get(
    struct etfs_state *es, const char *hostpath, struct etfs_image **imp)
{
	struct etfs_image *im;
	struct host_stat hs;
	int error;

	*imp = NULL;
	error = es->es_k->k_host->stat(hostpath, true, &hs);
	if (error < 0)
		return error;
	for (im = es->es_images; im != NULL; im = im->im_next) {
		if (im->im_dev == hs.hs_dev && im->im_ino == hs.hs_ino) {
			im->im_refs++;
			*imp = im;
			return 0;
		}
	}
	im = kmem_zalloc(es->es_k, sizeof(*im));
	if (im == NULL)
		return -ENOMEM;
	im->im_path = kmem_strdup(es->es_k, hostpath);
	if (im->im_path == NULL) {
		kmem_free(es->es_k, im, sizeof(*im));
		return -ENOMEM;
	}
	im->im_refs = 1;
	im->im_fd = -1;
	im->im_dev = hs.hs_dev;
	im->im_ino = hs.hs_ino;
	im->im_next = es->es_images;
	es->es_images = im;
	*imp = im;
	return 0;
}

static void
close_host(struct etfs_state *es, struct etfs_image *im)
{
	int i, fd;

	for (i = 0; i < ETFS_READERS; i++) {
		fd = atomic_exchange(&im->im_rfd[i], 0);
		if (fd > 0)
			es->es_k->k_host->close(fd);
	}
	es->es_k->k_host->close(im->im_fd);
	im->im_fd = -1;
	im->im_claimed = false;
}

void
etfs_image_put(struct etfs_state *es, struct etfs_image *im)
{
	struct etfs_image **p;

	if (--im->im_refs > 0)
		return;
	for (p = &es->es_images; *p != im; p = &(*p)->im_next)
		continue;
	*p = im->im_next;
	if (im->im_fd >= 0)
		close_host(es, im);
	kmem_free(es->es_k, im->im_path, strlen(im->im_path) + 1);
	kmem_free(es->es_k, im, sizeof(*im));
}

/*
 * The host keeps a count and the state of its read-ahead with each open file, which two processors that read it tear at. So the first
 * processor has the descriptor itself, and every other one of its own; the file is found by the descriptor, since its name may have gone.
 */
int
etfs_image_reader(struct rump_kernel *k, struct etfs_image *im)
{
	unsigned cpu = host_cpu() % (ETFS_READERS + 1);
	char path[32];
	int fd, none = 0;

	if (cpu == 0)
		return im->im_fd;
	fd = atomic_load_explicit(&im->im_rfd[cpu - 1], memory_order_acquire);
	if (fd > 0)
		return fd;
	if (fd < 0)
		return im->im_fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", im->im_fd);
	if (k->k_host->open(path, O_RDONLY, 0, &fd) < 0) {
		fd = -1;
	} else if (fd == 0) {
		/* A process without standard input: 0 means something else here. */
		k->k_host->close(fd);
		fd = -1;
	}
	if (atomic_compare_exchange_strong(&im->im_rfd[cpu - 1], &none, fd))
		return fd > 0 ? fd : im->im_fd;
	if (fd > 0)
		k->k_host->close(fd);
	return none > 0 ? none : im->im_fd;
}

static int
open_host(struct etfs_state *es, struct etfs_image *im)
{
	int error;

	im->im_rdonly = false;
	error = es->es_k->k_host->open(im->im_path, O_RDWR, 0, &im->im_fd);
	if (error == -EACCES || error == -EROFS || error == -EPERM) {
		im->im_rdonly = true;
		error = es->es_k->k_host->open(
		    im->im_path, O_RDONLY, 0, &im->im_fd);
	}
	if (error < 0)
		im->im_fd = -1;
	return error < 0 ? error : 0;
}

int
etfs_image_open(struct etfs_state *es, struct etfs_image *im, bool write)
{
	int error, pid = 0;

	if (im->im_fd < 0) {
		error = open_host(es, im);
		if (error != 0)
			return error;
	}
	error = 0;
	if (write && im->im_rdonly)
		error = -EACCES;
	if (error == 0 && write && !im->im_claimed) {
		error = es->es_k->k_host->lock(im->im_fd, true, &pid);
		if (error == -EBUSY && pid > 0)
			snprintf(es->es_why, sizeof(es->es_why),
			    "%.180s is in use for writing by process %d",
			    im->im_path, pid);
		else if (error == -EBUSY)
			snprintf(es->es_why, sizeof(es->es_why),
			    "%.180s is in use for writing by another kernel",
			    im->im_path);
		im->im_claimed = error == 0;
	}
	if (error == 0) {
		im->im_opens++;
	} else if (im->im_opens == 0) {
		close_host(es, im);
	}
	return error;
}

void
etfs_image_close(struct etfs_state *es, struct etfs_image *im)
{
	if (--im->im_opens > 0)
		return;
	close_host(es, im);
}
