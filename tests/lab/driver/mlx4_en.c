// Copyright (c) 2026, the fleetcare.pagealloc contributors
// SPDX-License-Identifier: GPL-2.0-only
/*
 * A network interface with the fault of the case that started the project, for guests of the lab.
 *
 * To ethtool it is mlx4_en, over a device bound to mlx4_core. It has no hardware: it rides on a real interface (lower=eth1),
 * whose received packets all go through it. As the driver of the case did, it takes an order-2 block for each packet that is
 * larger than a short one, and drops the packet where it gets none: so short packets (a TCP handshake, an SSH banner) pass on
 * a starved host and larger ones (an SSH key exchange) do not. And with every packet it keeps a page of blocks_per_packet blocks for
 * good.
 *
 * Of each block that leaks one page is kept and three are given back: free memory remains, and none of it is ever an order-2
 * block again.
 */
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/rtnetlink.h>
#include <linux/version.h>

#define ORDER 2
/* As mlx4_en's own SMALL_PACKET_SIZE: up to here a packet is copied, and needs no block. */
#define SMALL_PACKET_BYTES 256

static char *lower = "eth1";
module_param(lower, charp, 0444);
MODULE_PARM_DESC(lower, "interface that carries the packets");

/* A driver without the fault, unless it is built or told to have it. */
#ifndef BLOCKS_PER_PACKET
#define BLOCKS_PER_PACKET 0
#endif

static unsigned int blocks_per_packet = BLOCKS_PER_PACKET;
module_param(blocks_per_packet, uint, 0644);
MODULE_PARM_DESC(blocks_per_packet, "order-2 blocks of which a page leaks with every packet received");

static unsigned long blocks_leaked;
module_param(blocks_leaked, ulong, 0444);
MODULE_PARM_DESC(blocks_leaked, "blocks leaked so far");

static unsigned long packets_dropped;
module_param(packets_dropped, ulong, 0444);
MODULE_PARM_DESC(packets_dropped, "packets dropped for want of a block");

static struct platform_device *device;
static struct net_device *carrier;
static struct net_device *port;
static LIST_HEAD(leaked);

static void leak_block(void)
{
	struct page *page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, ORDER);
	int i;

	if (!page)
		return;
	split_page(page, ORDER);
	for (i = 1; i < 1 << ORDER; i++)
		__free_page(page + i);
	list_add(&page->lru, &leaked);
	blocks_leaked++;
}

static rx_handler_result_t receive(struct sk_buff **pskb)
{
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);
	unsigned int i;

	if (!skb)
		return RX_HANDLER_CONSUMED;
	*pskb = skb;
	for (i = 0; i < blocks_per_packet; i++)
		leak_block();
	if (skb->len > SMALL_PACKET_BYTES) {
		struct page *buffer = alloc_pages(GFP_ATOMIC | __GFP_COMP, ORDER);

		if (!buffer) {
			packets_dropped++;
			kfree_skb(skb);
			return RX_HANDLER_CONSUMED;
		}
		skb_copy_bits(skb, 0, page_address(buffer), min_t(int, skb->len, PAGE_SIZE << ORDER));
		__free_pages(buffer, ORDER);
	}
	skb->dev = port;
	return RX_HANDLER_ANOTHER;
}

static netdev_tx_t transmit(struct sk_buff *skb, struct net_device *dev)
{
	skb->dev = carrier;
	dev_queue_xmit(skb);
	return NETDEV_TX_OK;
}

static int open_port(struct net_device *dev)
{
	netif_start_queue(dev);
	return 0;
}

static int stop_port(struct net_device *dev)
{
	netif_stop_queue(dev);
	return 0;
}

static const struct net_device_ops port_ops = {
	.ndo_open = open_port,
	.ndo_stop = stop_port,
	.ndo_start_xmit = transmit,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = eth_mac_addr,
};

static void drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "mlx4_en (MT_LAB)", sizeof(info->driver));
	strscpy(info->version, "2.0 (lab)", sizeof(info->version));
	strscpy(info->fw_version, "2.11.500", sizeof(info->fw_version));
}

static const struct ethtool_ops port_ethtool_ops = {
	.get_drvinfo = drvinfo,
	.get_link = ethtool_op_get_link,
};

static void setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &port_ops;
	dev->ethtool_ops = &port_ethtool_ops;
	dev->needs_free_netdev = true;
}

static int probe(struct platform_device *pdev)
{
	int err;

	carrier = dev_get_by_name(&init_net, lower);
	if (!carrier)
		return -ENODEV;
	port = alloc_netdev(0, "mlx%d", NET_NAME_ENUM, setup);
	if (!port) {
		dev_put(carrier);
		return -ENOMEM;
	}
	SET_NETDEV_DEV(port, &pdev->dev);
	eth_hw_addr_set(port, carrier->dev_addr);
	port->mtu = carrier->mtu;
	rtnl_lock();
	err = register_netdevice(port);
	if (err)
		free_netdev(port);
	else
		err = netdev_rx_handler_register(carrier, receive, NULL);
	if (!err)
		err = dev_set_promiscuity(carrier, 1);
	rtnl_unlock();
	return err;
}

/* Linux 6.11 asks it for nothing. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define REMOVED int
#define DONE 0
#else
#define REMOVED void
#define DONE
#endif

static REMOVED remove(struct platform_device *pdev)
{
	struct page *page, *next;

	rtnl_lock();
	netdev_rx_handler_unregister(carrier);
	dev_set_promiscuity(carrier, -1);
	unregister_netdevice(port);
	rtnl_unlock();
	dev_put(carrier);
	list_for_each_entry_safe(page, next, &leaked, lru)
		__free_page(page);
	return DONE;
}

static struct platform_driver mlx4_core = {
	.driver = { .name = "mlx4_core" },
	.probe = probe,
	.remove = remove,
};

static int __init start(void)
{
	int err = platform_driver_register(&mlx4_core);

	if (err)
		return err;
	device = platform_device_register_simple("mlx4_core", -1, NULL, 0);
	if (IS_ERR(device)) {
		platform_driver_unregister(&mlx4_core);
		return PTR_ERR(device);
	}
	if (!port) {
		platform_device_unregister(device);
		platform_driver_unregister(&mlx4_core);
		return -ENODEV;
	}
	return 0;
}

static void __exit stop(void)
{
	platform_device_unregister(device);
	platform_driver_unregister(&mlx4_core);
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab: an interface that leaks order-2 pages");
/* It stands in for the kernel's own module: the kernel marks what does not say so as out of tree. */
MODULE_INFO(intree, "Y");
