/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a network tool gets besides <rumprun/tool_sys.h>: the calls of sockets, addresses as text, and the names of hosts, networks,
 * services and protocols by the files of the host (/etc/hosts, networks, services, protocols). Nothing asks the DNS.
 */
#ifndef RUMPRUN_TOOL_NET_H
#define RUMPRUN_TOOL_NET_H

#include <netbsd/poll.h>
#include <netbsd/socket.h>
#include <rumprun/tool_sys.h>

/* --- addresses as text; IPv4 addresses are in network order, as in struct in_addr --- */

/* inet_aton(3): one to four numbers, decimal, octal or hexadecimal. */
#define t_inet_aton rumprun_t_inet_aton
RUMPRUN_API bool t_inet_aton(const char *s, uint32_t *addr);
/* inet_pton(3): four decimal numbers and no more; an IPv6 address without a scope. */
#define t_inet_pton4 rumprun_t_inet_pton4
#define t_inet_pton6 rumprun_t_inet_pton6
RUMPRUN_API bool t_inet_pton4(const char *s, uint32_t *addr);
RUMPRUN_API bool t_inet_pton6(const char *s, uint8_t addr[16]);
/* inet_ntop(3); `out` is what they return. */
#define t_inet_ntop4 rumprun_t_inet_ntop4
#define t_inet_ntop6 rumprun_t_inet_ntop6
RUMPRUN_API char *t_inet_ntop4(uint32_t addr, char out[16]);
RUMPRUN_API char *t_inet_ntop6(const uint8_t addr[16], char out[46]);

/* --- names; files are read when first asked for, results live in the tool's arena --- */

/* AF_INET: addr gets 4 bytes in network order; AF_INET6: 16. Names only, no numbers. */
#define t_host_by_name rumprun_t_host_by_name
RUMPRUN_API bool t_host_by_name(
    struct tool *, const char *name, int af, void *addr);
/* NULL: unknown. */
#define t_host_by_addr rumprun_t_host_by_addr
RUMPRUN_API const char *t_host_by_addr(struct tool *, int af, const void *addr);
/* The network's number as an address in host order: "127" and "127.0.0.0" are both 0x7f000000. */
#define t_net_by_name rumprun_t_net_by_name
#define t_net_by_addr rumprun_t_net_by_addr
RUMPRUN_API bool t_net_by_name(struct tool *, const char *name, uint32_t *net);
RUMPRUN_API const char *t_net_by_addr(struct tool *, uint32_t net);
/* Ports in host order, -1: unknown. `proto` NULL: any. */
#define t_serv_by_name rumprun_t_serv_by_name
#define t_serv_by_port rumprun_t_serv_by_port
RUMPRUN_API int t_serv_by_name(
    struct tool *, const char *name, const char *proto);
RUMPRUN_API const char *t_serv_by_port(
    struct tool *, int port, const char *proto);
#define t_proto_by_name rumprun_t_proto_by_name
#define t_proto_by_number rumprun_t_proto_by_number
RUMPRUN_API int t_proto_by_name(struct tool *, const char *name);
RUMPRUN_API const char *t_proto_by_number(struct tool *, int number);

/* --- calls, as those of tool_sys.h --- */

#define NET_BEGIN(call)              \
	struct sys_##call##_args a;  \
	register_t rv[2] = { 0, 0 }; \
	int error;                   \
	memset(&a, 0, sizeof(a))
#define NET_END(call)                                        \
	error = t_syscall(t, SYS_##call, &a, sizeof(a), rv); \
	return error != 0 ? error : (int)rv[0] < 0 ? -EIO : (int)rv[0]
#define NET_ARG(name, value) (a.name.datum = (value))
#define NET_END_COUNT(call, n)                                \
	error = t_syscall(t, SYS_##call, &a, sizeof(a), rv);  \
	if (error == 0 && (rv[0] < 0 || (size_t)rv[0] > (n))) \
		error = -EIO;                                 \
	return error != 0 ? error : (ssize_t)rv[0]

static inline int
sys_socket(struct tool *t, int domain, int type, int protocol)
{
	NET_BEGIN(__socket30);

	NET_ARG(domain, domain);
	NET_ARG(type, type);
	NET_ARG(protocol, protocol);
	NET_END(__socket30);
}

static inline int
sys_bind(struct tool *t, int s, const struct sockaddr *name, socklen_t namelen)
{
	NET_BEGIN(bind);

	NET_ARG(s, s);
	NET_ARG(name, name);
	NET_ARG(namelen, namelen);
	NET_END(bind);
}

static inline int
sys_connect(
    struct tool *t, int s, const struct sockaddr *name, socklen_t namelen)
{
	NET_BEGIN(connect);

	NET_ARG(s, s);
	NET_ARG(name, name);
	NET_ARG(namelen, namelen);
	NET_END(connect);
}

static inline ssize_t
sys_sendto(struct tool *t, int s, const void *buf, size_t n, int flags,
    const struct sockaddr *to, socklen_t tolen)
{
	NET_BEGIN(sendto);

	NET_ARG(s, s);
	NET_ARG(buf, buf);
	NET_ARG(len, n);
	NET_ARG(flags, flags);
	NET_ARG(to, to);
	NET_ARG(tolen, tolen);
	NET_END_COUNT(sendto, n);
}

static inline ssize_t
sys_recvfrom(struct tool *t, int s, void *buf, size_t n, int flags,
    struct sockaddr *from, socklen_t *fromlen)
{
	socklen_t room = fromlen != NULL ? *fromlen : 0;
	NET_BEGIN(recvfrom);

	NET_ARG(s, s);
	NET_ARG(buf, buf);
	NET_ARG(len, n);
	NET_ARG(flags, flags);
	NET_ARG(from, from);
	NET_ARG(fromlenaddr, fromlen);
	error = t_syscall(t, SYS_recvfrom, &a, sizeof(a), rv);
	if (fromlen != NULL && *fromlen > room)
		*fromlen = room;
	/* With MSG_TRUNC the count is the packet's, which may be more. */
	if (error == 0 &&
	    (rv[0] < 0 ||
		((size_t)rv[0] > n &&
		    ((flags & MSG_TRUNC) == 0 || rv[0] > INT32_MAX))))
		error = -EIO;
	return error != 0 ? error : (ssize_t)rv[0];
}

static inline ssize_t
sys_sendmsg(struct tool *t, int s, const struct msghdr *msg, int flags)
{
	NET_BEGIN(sendmsg);

	NET_ARG(s, s);
	NET_ARG(msg, msg);
	NET_ARG(flags, flags);
	NET_END_COUNT(sendmsg, (size_t)INT32_MAX);
}

/* The caller checks the lengths in *msg against what it gave. */
static inline ssize_t
sys_recvmsg(struct tool *t, int s, struct msghdr *msg, int flags)
{
	NET_BEGIN(recvmsg);

	NET_ARG(s, s);
	NET_ARG(msg, msg);
	NET_ARG(flags, flags);
	NET_END_COUNT(recvmsg, (size_t)INT32_MAX);
}

static inline int
sys_setsockopt(
    struct tool *t, int s, int level, int name, const void *val, socklen_t len)
{
	NET_BEGIN(setsockopt);

	NET_ARG(s, s);
	NET_ARG(level, level);
	NET_ARG(name, name);
	NET_ARG(val, val);
	NET_ARG(valsize, len);
	NET_END(setsockopt);
}

static inline int
sys_getsockopt(
    struct tool *t, int s, int level, int name, void *val, socklen_t *len)
{
	socklen_t room = len != NULL ? *len : 0;
	NET_BEGIN(getsockopt);

	NET_ARG(s, s);
	NET_ARG(level, level);
	NET_ARG(name, name);
	NET_ARG(val, val);
	NET_ARG(avalsize, len);
	error = t_syscall(t, SYS_getsockopt, &a, sizeof(a), rv);
	if (len != NULL && *len > room)
		*len = room;
	return error;
}

static inline int
sys_getsockname(struct tool *t, int s, struct sockaddr *name, socklen_t *namelen)
{
	socklen_t room = *namelen;
	NET_BEGIN(getsockname);

	NET_ARG(fdes, s);
	NET_ARG(asa, name);
	NET_ARG(alen, namelen);
	error = t_syscall(t, SYS_getsockname, &a, sizeof(a), rv);
	if (*namelen > room)
		*namelen = room;
	return error;
}

static inline int
sys_shutdown(struct tool *t, int s, int how)
{
	NET_BEGIN(shutdown);

	NET_ARG(s, s);
	NET_ARG(how, how);
	NET_END(shutdown);
}

/* timeout in milliseconds, -1: none. */
static inline int
sys_poll(struct tool *t, struct pollfd *fds, unsigned n, int timeout)
{
	NET_BEGIN(poll);

	NET_ARG(fds, fds);
	NET_ARG(nfds, n);
	NET_ARG(timeout, timeout);
	NET_END(poll);
}

/* A pause, by the kernel's clock. */
static inline int
sys_nanosleep(struct tool *t, const struct timespec *ts)
{
	NET_BEGIN(__nanosleep50);

	NET_ARG(rqtp, ts);
	NET_ARG(rmtp, NULL);
	NET_END(__nanosleep50);
}

#undef NET_BEGIN
#undef NET_END
#undef NET_END_COUNT
#undef NET_ARG
#endif
