// The floor of every table: a relay that copies bytes between one client and one upstream connection and looks at
// none of them. What a proxy costs above this line is what the proxy itself does.
//
//   relay LISTEN_PORT UPSTREAM_PORT [CERTIFICATES]      (both on 127.0.0.1)
//
// With a folder of certificates it terminates mutual TLS 1.3, with OpenSSL's own reading ahead: the floor of that.
//
// It makes the fewest calls that a relay can make: sockets are registered once, edge triggered, and a read that did
// not fill the buffer is taken as the last one (the kernel raises a new edge for later bytes).
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
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
  SSL *ssl;
  bool hangup, dead;
  struct end *peer, *next_dead;
  char *pending;
  size_t offset, length;
};

static SSL_CTX *context;
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

/// As errno has it: a handshake or a record that is not complete is EAGAIN.
static ssize_t result(struct end *e, int n) {
  if (n > 0) return n;
  switch (SSL_get_error(e->ssl, n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: errno = EPROTO; return -1;
  }
}

static ssize_t take(struct end *e) {
  if (e->ssl == NULL) return recv(e->fd, scratch, SCRATCH, 0);
  return result(e, SSL_read(e->ssl, scratch, SCRATCH));
}

static ssize_t give(struct end *e, const char *bytes, size_t count) {
  if (e->ssl == NULL) return send(e->fd, bytes, count, MSG_NOSIGNAL);
  size_t done = 0;
  while (done < count) {
    ssize_t n = result(e, SSL_write(e->ssl, bytes + done, (int)(count - done)));
    if (n <= 0) return done > 0 ? (ssize_t)done : n;
    done += (size_t)n;
  }
  return (ssize_t)done;
}

/// Whether a read of n bytes was the last one for now.
static bool was_last(struct end *e, ssize_t n) {
  return e->ssl == NULL ? n < SCRATCH : n < SSL3_RT_MAX_PLAIN_LENGTH && !SSL_has_pending(e->ssl);
}

/// Closes both ends now; their memory is freed after the batch, as a later event of it may still name them.
static void bury(struct end *e) {
  if (e->dead) return;
  struct end *both[2] = {e, e->peer};
  for (int i = 0; i < 2; i++) {
    if (both[i]->ssl != NULL) SSL_free(both[i]->ssl);
    close(both[i]->fd);
    both[i]->dead = true;
    both[i]->next_dead = graveyard;
    graveyard = both[i];
  }
}

/// Writes what is pending. True when nothing is left.
static bool flush(struct end *e) {
  while (e->length > 0) {
    ssize_t n = give(e, e->pending + e->offset, e->length);
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
    ssize_t n = take(from);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return bury(from);
    ssize_t sent = give(to, scratch, (size_t)n);
    if (sent < 0 && errno != EAGAIN) return bury(from);
    if (sent < 0) sent = 0;
    if (sent < n) {
      to->length = (size_t)(n - sent);
      to->offset = 0;
      to->pending = malloc(to->length);
      if (to->pending == NULL) return bury(from);
      memcpy(to->pending, scratch + sent, to->length);
    }
    if (was_last(from, n) && !from->hangup) return;
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
    if (context != NULL) {
      a->ssl = SSL_new(context);
      if (a->ssl == NULL) fail("SSL_new");
      SSL_set_fd(a->ssl, client);
      SSL_set_accept_state(a->ssl);
    }
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

static void speak_tls(const char *folder) {
  char chain[4096], key[4096], root[4096];
  snprintf(chain, sizeof chain, "%s/server.pem", folder);
  snprintf(key, sizeof key, "%s/server.key", folder);
  snprintf(root, sizeof root, "%s/root.pem", folder);
  context = SSL_CTX_new(TLS_server_method());
  if (context == NULL || SSL_CTX_use_certificate_chain_file(context, chain) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_load_verify_locations(context, root, NULL) != 1)
    fail(folder);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_session_id_context(context, (const unsigned char *)"relay", 5);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, SCRATCH);
  signal(SIGPIPE, SIG_IGN);
}

int main(int count, char **words) {
  if (count != 3 && count != 4) return fprintf(stderr, "usage: relay LISTEN_PORT UPSTREAM_PORT [CERTIFICATES]\n"), 2;
  if (count == 4) speak_tls(words[3]);
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
