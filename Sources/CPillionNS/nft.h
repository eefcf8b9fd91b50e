// Tables, chains and rules of nf_tables, put into netlink's batch. Matches and what follows from them are expressions, in the order in
// which they are put; each works on the kernel's first register.
#ifndef PILLION_NFT_H
#define PILLION_NFT_H

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The kernel takes all of a batch, or nothing. All that follows is about the table that was named last.
void nft_begin(void);
int nft_send(void);             // 0, or an errno
int nft_send_on(int netlink);

void nft_add_table(const char *name, uint32_t flags);
void nft_delete_table(const char *name);
// Calls back with the name of each table of both families' that this network namespace has.
int nft_each_table(void (*each)(const char *name, void *context), void *context);

void nft_add_chain(const char *name);
// Where the kernel's hook leads: `type` is "filter" or "nat".
void nft_add_base_chain(const char *name, const char *type, uint32_t hook, int32_t priority);
// A set of ports.
void nft_add_port_set(const char *name, const uint16_t *ports, size_t count);
// Of one that stands, in a batch of its own table.
void nft_change_port_set(const char *table, const char *name, bool adds, const uint16_t *ports, size_t count);

void nft_begin_rule(const char *chain);
void nft_end_rule(void);

// MARK: Matches

void nft_match_protocol(uint8_t protocol);           // of the transport
void nft_match_family(uint8_t family);               // NFPROTO_IPV4 or NFPROTO_IPV6
void nft_match_mark(uint32_t mark);
void nft_match_group(uint32_t group);                // the socket's owner's
void nft_match_syn(void);                            // tcp flags syn / fin,syn,rst,ack
void nft_match_destination(uint8_t family, const void *address, const void *mask);  // mask: NULL for all of it
void nft_match_destination_port(uint16_t port);      // behind a match of the protocol
void nft_match_destination_ports(const char *set);   // likewise
void nft_match_echo_request(uint8_t family);         // a ping
void nft_match_plain_socket(void);                   // somebody here listens or is connected, and not transparently
void nft_match_known_flow(void);                     // ct state established,related
void nft_match_cgroup(uint32_t level, uint64_t id);  // the socket's ancestor of this level

// MARK: What follows

void nft_tproxy(uint16_t port);
void nft_redirect(uint16_t port);
void nft_verdict(int code, const char *chain);       // chain: of NFT_JUMP

#endif
