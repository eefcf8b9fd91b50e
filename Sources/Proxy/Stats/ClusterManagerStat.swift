import Telemetry

/// `cluster_manager.`.
enum ClusterManagerStat: UInt32, StatSet {
  case activeClusters, clusterAdded, clusterModified, clusterRemoved, clusterUpdated, clusterUpdatedViaMerge
  case updateMergeCancelled, updateOutOfMergeWindow, warmingClusters

  static let definitions: [StatDefinition<ClusterManagerStat>] = [
    .gauge(.activeClusters, "active_clusters"),
    .counter(.clusterAdded, "cluster_added"),
    .counter(.clusterModified, "cluster_modified"),
    .counter(.clusterRemoved, "cluster_removed"),
    .counter(.clusterUpdated, "cluster_updated"),
    .counter(.clusterUpdatedViaMerge, "cluster_updated_via_merge"),
    .counter(.updateMergeCancelled, "update_merge_cancelled"),
    .counter(.updateOutOfMergeWindow, "update_out_of_merge_window"),
    .gauge(.warmingClusters, "warming_clusters"),
  ]
}
