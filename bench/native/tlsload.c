// A load over TLS 1.3 with a client certificate, since wrk has none: one thread, nonblocking, on epoll.
//
//   tlsload kept PORT CONNECTIONS SECONDS FOLDER REQUEST     requests on kept connections
//   tlsload full PORT CONNECTIONS SECONDS FOLDER REQUEST     connect, full mutual handshake, one request, close
//   tlsload resumed PORT CONNECTIONS SECONDS FOLDER REQUEST  the same, each resuming the one before
//
// With a further COUNT it ends after so many requests, exactly so on one connection.
// FOLDER holds client.pem (with its intermediate) and client.key, REQUEST is a file with the request's bytes. Without
// a request one would not know that the server has verified the client: BoringSSL keeps its tickets back until then.
// Ends after SECONDS or on SIGINT, and prints a line "RESULT {…}" as the script for wrk does.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum mode { KEPT, FULL, RESUMED };

struct client {
  SSL *ssl;
  SSL_SESSION *session;  // the newest, for the next connection
  int fd, number;
  int connected, measured;
  size_t sent, have, body_left;
  int in_body;
  char head[16384];
  uint64_t began;
};

static enum mode mode;
static int port, epoll, client_index;
static SSL_CTX *context;
static char request[256 * 1024];
static size_t request_size;
static uint32_t *samples;
static size_t done, room, limit = SIZE_MAX;
static uint64_t connect_errors, read_errors, write_errors, timeouts, status_errors;
static volatile sig_atomic_t stop;

static void interrupted(int sign) { (void)sign, stop = 1; }

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void die(const char *what) {
  perror(what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static void count(struct client *c) {
  if (done == room) {
    room = room ? room * 2 : 1 << 20;
    samples = realloc(samples, room * sizeof *samples);
    if (!samples) die("realloc");
  }
  samples[done++] = (uint32_t)(now() - c->began);
}

static int keep_session(SSL *ssl, SSL_SESSION *session) {
  struct client *c = SSL_get_ex_data(ssl, client_index);
  if (mode != RESUMED) return 0;
  SSL_SESSION_free(c->session);
  c->session = session;
  return 1;
}

static void begin(struct client *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) die("socket");
  // An address of one's own a client: the ports of one address would not last for all handshakes.
  int on = 1;
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)c->number % 200)};
  if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0) die("bind");
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->ssl = SSL_new(context);
  if (!c->ssl) die("SSL_new");
  SSL_set_ex_data(c->ssl, client_index, c);
  SSL_set_fd(c->ssl, c->fd);
  SSL_set_connect_state(c->ssl);
  SSL_set_tlsext_host_name(c->ssl, "server.example");
  // The first connection of each has nothing to resume.
  c->measured = mode != RESUMED || c->session != NULL;
  if (mode == RESUMED && c->session) SSL_set_session(c->ssl, c->session);
  c->connected = 0;
  c->sent = c->have = 0;
  c->in_body = 0;
  c->began = now();
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll_ctl");
  if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) die("connect");
}

static void again(struct client *c, int orderly) {
  if (orderly) SSL_shutdown(c->ssl);
  ERR_clear_error();
  SSL_free(c->ssl);
  close(c->fd);
  if (stop) return;
  begin(c);
}

// The head's end is in: its status must be 2xx, and its content-length is what follows.
static int read_head(struct client *c, char *end) {
  *end = 0;
  if (strncmp(c->head, "HTTP/1.1 2", 10) != 0) status_errors++;
  char *length = strcasestr(c->head, "\r\ncontent-length:");
  if (!length) return -1;
  c->body_left = strtoul(length + 17, NULL, 10);
  size_t rest = c->have - (size_t)(end + 4 - c->head);
  c->body_left -= rest < c->body_left ? rest : c->body_left;
  c->in_body = 1;
  return 0;
}

// 1: a whole response came. 0: not yet. -1: the connection is over.
static int read_response(struct client *c) {
  static char scratch[65536];
  for (;;) {
    int n = c->in_body ? SSL_read(c->ssl, scratch, sizeof scratch)
                       : SSL_read(c->ssl, c->head + c->have, (int)(sizeof c->head - 1 - c->have));
    if (n <= 0) return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
    if (c->in_body) {
      c->body_left -= (size_t)n < c->body_left ? (size_t)n : c->body_left;
    } else {
      c->have += (size_t)n;
      c->head[c->have] = 0;
      char *end = strstr(c->head, "\r\n\r\n");
      if (!end) continue;
      if (read_head(c, end) != 0) return -1;
    }
    if (c->body_left == 0) return 1;
  }
}

// 0: all sent or the socket is full. -1: the connection is over.
static int send_request(struct client *c) {
  while (c->sent < request_size) {
    int n = SSL_write(c->ssl, request + c->sent, (int)(request_size - c->sent));
    if (n <= 0) {
      int why = SSL_get_error(c->ssl, n);
      return why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    c->sent += (size_t)n;
  }
  return 0;
}

static void requests(struct client *c) {
  for (;;) {
    if (c->sent < request_size && send_request(c) != 0) {
      write_errors++;
      again(c, 0);
      return;
    }
    switch (read_response(c)) {
      case 0: return;
      case -1:
        read_errors++;
        again(c, 0);
        return;
    }
    if (c->measured) count(c);
    if (done >= limit) {
      stop = 1;
      return;
    }
    if (mode != KEPT) {
      if (c->measured && SSL_session_reused(c->ssl) != (mode == RESUMED)) status_errors++;
      again(c, 1);
      return;
    }
    c->began = now();
    c->sent = c->have = 0;
    c->in_body = 0;
  }
}

static void event(struct client *c) {
  if (!c->connected) {
    int n = SSL_do_handshake(c->ssl);
    if (n != 1) {
      int why = SSL_get_error(c->ssl, n);
      if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
      connect_errors++;
      again(c, 0);
      return;
    }
    c->connected = 1;
    if (mode == KEPT) c->began = now();
  }
  requests(c);
}

static int by_size(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static void make_context(const char *folder) {
  char path[4096];
  context = SSL_CTX_new(TLS_client_method());
  if (!context) die("SSL_CTX_new");
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  snprintf(path, sizeof path, "%s/client.pem", folder);
  if (SSL_CTX_use_certificate_chain_file(context, path) != 1) die(path);
  snprintf(path, sizeof path, "%s/client.key", folder);
  if (SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) != 1) die(path);
  client_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

int main(int argc, char **argv) {
  if (argc != 7 && argc != 8) {
    fprintf(stderr, "usage: tlsload kept|full|resumed PORT CONNECTIONS SECONDS FOLDER REQUEST [COUNT]\n");
    return 2;
  }
  if (argc == 8) limit = strtoul(argv[7], NULL, 10);
  mode = strcmp(argv[1], "kept") == 0 ? KEPT : strcmp(argv[1], "full") == 0 ? FULL : RESUMED;
  port = atoi(argv[2]);
  int connections = atoi(argv[3]);
  double seconds = atof(argv[4]);
  FILE *file = fopen(argv[6], "rb");
  if (!file) die(argv[6]);
  request_size = fread(request, 1, sizeof request, file);
  fclose(file);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, interrupted);
  make_context(argv[5]);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  struct client *clients = calloc((size_t)connections, sizeof *clients);
  if (epoll < 0 || !clients) die("start");

  uint64_t began = now(), end = began + (uint64_t)(seconds * 1e6);
  for (int i = 0; i < connections; i++) clients[i].number = i, begin(&clients[i]);
  while (!stop && now() < end) {
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, 100);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n && !stop; i++) event(events[i].data.ptr);
  }
  uint64_t took = now() - began;
  for (int i = 0; i < connections; i++) timeouts += now() - clients[i].began > 5000000;
  qsort(samples, done, sizeof *samples, by_size);
  printf("\nRESULT {\"requests\":%zu,\"us\":%llu,\"p50\":%u,\"p99\":%u,\"connect\":%llu,\"read\":%llu,\"write\":%llu,"
         "\"timeout\":%llu,\"status\":%llu}\n",
         done, (unsigned long long)took, done ? samples[done / 2] : 0, done ? samples[done * 99 / 100] : 0,
         (unsigned long long)connect_errors, (unsigned long long)read_errors, (unsigned long long)write_errors,
         (unsigned long long)timeouts, (unsigned long long)status_errors);
  return 0;
}
