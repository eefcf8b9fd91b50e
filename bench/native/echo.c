// echo: a server of 127.0.0.1 that sends back what it is sent, one connection after the other. Prints its port.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int server = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (bind(server, (struct sockaddr *)&address, length) != 0 || listen(server, 1024) != 0 ||
      getsockname(server, (struct sockaddr *)&address, &length) != 0) {
    perror("listen");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    char bytes[4096];
    int fd = accept(server, NULL, NULL);
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;)
      if (write(fd, bytes, (size_t)count) != count) break;
    close(fd);
  }
}
