import Telemetry

/// `listener_manager.`.
enum ListenerManagerStat: UInt32, StatSet {
  case listenerAdded, listenerCreateFailure, listenerCreateSuccess, listenerInPlaceUpdated, listenerModified
  case listenerRemoved, listenerStopped, totalFilterChainsDraining, totalListenersActive, totalListenersDraining
  case totalListenersWarming, workersStarted

  static let definitions: [StatDefinition<ListenerManagerStat>] = [
    .counter(.listenerAdded, "listener_added"),
    .counter(.listenerCreateFailure, "listener_create_failure"),
    .counter(.listenerCreateSuccess, "listener_create_success"),
    .counter(.listenerInPlaceUpdated, "listener_in_place_updated"),
    .counter(.listenerModified, "listener_modified"),
    .counter(.listenerRemoved, "listener_removed"),
    .counter(.listenerStopped, "listener_stopped"),
    .gauge(.totalFilterChainsDraining, "total_filter_chains_draining"),
    .gauge(.totalListenersActive, "total_listeners_active"),
    .gauge(.totalListenersDraining, "total_listeners_draining"),
    .gauge(.totalListenersWarming, "total_listeners_warming"),
    .gauge(.workersStarted, "workers_started"),
  ]
}
