// The floor of every table: a relay that copies bytes between one client and one upstream connection and looks at
// none of them. What a proxy costs above this line is what the proxy itself does.
//
//   relay LISTEN_PORT UPSTREAM_PORT      (both on 127.0.0.1)
//
// It makes the fewest calls that a relay can make: sockets are registered once, edge triggered, and a read that did
// not fill the buffer is taken as the last one (the kernel raises a new edge for later bytes).
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRATCH = 64 * 1024, BATCH = 256 };

/// One socket of a pair. `pending` holds what could not be written to it yet; while it does, its peer is not read.
struct end {
  int fd;
  bool hangup, dead;
  struct end *peer, *next_dead;
  char *pending;
  size_t offset, length;
};

static char scratch[SCRATCH];
static struct end *graveyard;
static int loop;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/// Closes both ends now; their memory is freed after the batch, as a later event of it may still name them.
static void bury(struct end *e) {
  if (e->dead) return;
  struct end *both[2] = {e, e->peer};
  for (int i = 0; i < 2; i++) {
    close(both[i]->fd);
    both[i]->dead = true;
    both[i]->next_dead = graveyard;
    graveyard = both[i];
  }
}

/// Writes what is pending. True when nothing is left.
static bool flush(struct end *e) {
  while (e->length > 0) {
    ssize_t n = send(e->fd, e->pending + e->offset, e->length, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN) bury(e);
      return false;
    }
    e->offset += (size_t)n;
    e->length -= (size_t)n;
  }
  free(e->pending);
  e->pending = NULL;
  return true;
}

/// Copies from `from` to its peer until there is nothing to read or the peer takes no more.
static void pump(struct end *from) {
  struct end *to = from->peer;
  while (!from->dead && to->length == 0) {
    ssize_t n = recv(from->fd, scratch, SCRATCH, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return bury(from);
    ssize_t sent = send(to->fd, scratch, (size_t)n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return bury(from);
    if (sent < 0) sent = 0;
    if (sent < n) {
      to->length = (size_t)(n - sent);
      to->offset = 0;
      to->pending = malloc(to->length);
      if (to->pending == NULL) return bury(from);
      memcpy(to->pending, scratch + sent, to->length);
    }
    if (n < SCRATCH && !from->hangup) return;
  }
}

static void watch(struct end *e) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = e};
  if (epoll_ctl(loop, EPOLL_CTL_ADD, e->fd, &event) != 0) fail("epoll_ctl");
  int one = 1;
  setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void accept_all(int listener, int upstream_port) {
  for (;;) {
    int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    int upstream = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(upstream_port);
    if (upstream < 0 || (connect(upstream, (void *)&address, sizeof address) != 0 && errno != EINPROGRESS)) {
      close(client);
      if (upstream >= 0) close(upstream);
      continue;
    }
    struct end *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    if (a == NULL || b == NULL) fail("calloc");
    a->fd = client, b->fd = upstream, a->peer = b, b->peer = a;
    watch(a);
    watch(b);
  }
}

static void handle(struct end *e, uint32_t events) {
  if (e->dead) return;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) e->hangup = true;
  if ((events & EPOLLOUT) && e->length > 0 && flush(e)) pump(e->peer);
  if (!e->dead && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))) pump(e);
}

int main(int count, char **words) {
  if (count != 3) return fprintf(stderr, "usage: relay LISTEN_PORT UPSTREAM_PORT\n"), 2;
  int upstream_port = atoi(words[2]), one = 1;
  struct sockaddr_in address = loopback(atoi(words[1]));
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) fail("socket");
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (void *)&address, sizeof address) != 0) fail("bind");
  if (listen(listener, 4096) != 0) fail("listen");
  loop = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[BATCH];
  if (loop < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event) != 0) fail("epoll");
  for (;;) {
    int n = epoll_wait(loop, events, BATCH, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.ptr == NULL)
        accept_all(listener, upstream_port);
      else
        handle(events[i].data.ptr, events[i].events);
    }
    while (graveyard != NULL) {
      struct end *dead = graveyard;
      graveyard = dead->next_dead;
      free(dead->pending);
      free(dead);
    }
  }
}
