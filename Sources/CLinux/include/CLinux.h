// What Swift's Glibc module leaves out of Linux. No logic; no _GNU_SOURCE here (it breaks Glibc's import).
#ifndef PILLION_CLINUX_H
#define PILLION_CLINUX_H

#include <netinet/in.h>
#include <ifaddrs.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

// accept4(2): a GNU extension that the Glibc module does not show.
int pl_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

// recv(2), send(2) and sendmsg(2) that are no cancellation points: in a process with threads glibc's own pay two atomic
// operations a call for being one, and nothing here is ever cancelled.
ssize_t pl_recv(int fd, void *buffer, size_t length, int flags);
ssize_t pl_send(int fd, const void *buffer, size_t length, int flags);
ssize_t pl_sendmsg(int fd, const struct msghdr *message, int flags);

// Names the calling thread, for top and gdb (at most 15 bytes). Returns 0 or an errno.
int pl_set_thread_name(const char *name);

// Gives back the pages of code and constants, the program's own and its libraries': what only the start needed stays away, what is needed
// again comes from the page cache. Changes nothing but the resident size.
void pl_release_program_pages(void);

// Options of redirected sockets, from <linux/netfilter_ipv4.h> and <linux/in6.h>, which glibc's headers do not go with.
static const int pl_sol_ip = 0;
static const int pl_sol_ipv6 = 41;
static const int pl_so_original_dst = 80;
static const int pl_ip_transparent = 19;
static const int pl_ipv6_transparent = 75;

// res_send(3): a query to the name servers of resolv.conf as it is. Bytes of the answer, or -1.
int pl_res_send(const uint8_t *query, int length, uint8_t *answer, int size);

// getaddrinfo's words for "no address of this family", which only _GNU_SOURCE shows.
static const int pl_eai_nodata = -5;
static const int pl_eai_addrfamily = -9;

// Largest value of sun_path that fits, and the offset of the path in sockaddr_un (for abstract names).
static const int pl_sun_path_offset = (int)offsetof(struct sockaddr_un, sun_path);
static const int pl_sun_path_size = (int)sizeof(((struct sockaddr_un *)0)->sun_path);

#endif
