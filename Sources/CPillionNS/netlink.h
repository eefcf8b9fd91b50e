// What is said to the kernel over netlink. Messages are gathered in one batch, of which there is one at a time, and sent. Each function
// that returns an int returns 0, or an errno.
#ifndef PILLION_NETLINK_H
#define PILLION_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

// Forgets the batch.
void netlink_begin(void);

// A message begins: its head is the family's (rtmsg, nfgenmsg …), attributes follow until it ends.
struct nlmsghdr *netlink_begin_message(int type, int flags, const void *head, size_t head_size);
void netlink_end_message(struct nlmsghdr *header);

void netlink_put(int type, const void *data, size_t size);
void netlink_put_text(int type, const char *text);
void netlink_put_u32(int type, uint32_t value);  // big-endian, as nf_tables wants it
struct nlattr *netlink_begin_nest(int type);
void netlink_end_nest(struct nlattr *nest);

// Sends the batch on a socket of its own, and reads what the kernel says: the first error.
int netlink_send(int protocol);
// The same on a socket that stays.
int netlink_send_on(int netlink);
int netlink_open(int protocol, int *netlink);
// Sends the batch, a question, and calls back for each message of the answer.
int netlink_dump(int protocol, void (*each)(const struct nlmsghdr *header, void *context), void *context);

#endif
