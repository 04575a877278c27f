/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's end of a tap device: whole frames, by a packet socket. */
#ifndef LIB_HOSTTAP_H
#define LIB_HOSTTAP_H

#include <stddef.h>

/* Brings the interface up and listens on it; a descriptor, or -1: not allowed. */
int hosttap_open(const char *name);
int hosttap_send(int fd, const void *frame, size_t size);
/* The next frame of that type (host order); its length, or -1 after 5 seconds. */
int hosttap_recv(int fd, unsigned type, void *frame, size_t size);
void hosttap_close(int fd);

#endif
