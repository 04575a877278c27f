/* SPDX-License-Identifier: BSD-2-Clause */
/* The URLs that name a server. */
#ifndef PROXY_URL_H
#define PROXY_URL_H

#include "host/sock.h"

/*
 * Parses unix://PATH and tcp://ADDRESS:PORT[/...]. A relative path becomes absolute. 0, or a negative NetBSD errno with `why` saying what
 * the reference says ("" when it says nothing). server: any address may be given. *relative: the path was relative.
 */
int url_parse(const char *url, bool server, struct sock_addr *, bool *relative,
    char *why, size_t whysize);

#endif
