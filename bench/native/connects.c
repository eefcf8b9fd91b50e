// connects HOST PORT COUNT [ROUNDTRIPS]: one after the other COUNT connections, on each of which a byte goes and comes back
// ROUNDTRIPS times (1). Prints the median and the least of the microseconds that one took.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return difference < 0 ? -1 : difference > 0;
}

static double one(const struct sockaddr_in *address, int round_trips) {
  double begun = now();
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
    perror("connect");
    exit(1);
  }
  for (char byte = 'x'; round_trips > 0; round_trips--) {
    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) {
      perror("round trip");
      exit(1);
    }
  }
  close(fd);
  return now() - begun;
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  if (argc < 4 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) return 2;
  address.sin_port = htons((uint16_t)atoi(argv[2]));
  int count = atoi(argv[3]), round_trips = argc > 4 ? atoi(argv[4]) : 1;
  double *times = calloc((size_t)count, sizeof *times);
  if (count < 1 || times == NULL) return 2;
  for (int index = 0; index < count; index++) times[index] = one(&address, round_trips);
  qsort(times, (size_t)count, sizeof *times, compare);
  printf("%.1f %.1f\n", times[count / 2], times[0]);
  free(times);
  return 0;
}
