import EnvoyConfig
import Testing

@Suite struct JSONPrinterTests {
  @Test func laysOutAsConfigDump() throws {
    let text = """
      node: {id: "a\\"<\\n", metadata: {keepMe: [1, 2.5, true, null, [], {}]}}
      staticResources: {clusters: [{name: é, connectTimeout: 1s}]}
      """
    #expect(
      try bootstrap(yaml: text).document?.json == #"""
        {
         "node": {
          "id": "a\"\u003c\n",
          "metadata": {
           "keepMe": [
            1,
            "2.5",
            true,
            null,
            [],
            {}
           ]
          }
         },
         "static_resources": {
          "clusters": [
           {
            "name": "é",
            "connect_timeout": "1s"
           }
          ]
         }
        }
        """#)
  }

  @Test func aNodeIsPrintedWhereItStands() throws {
    let cluster = try bootstrap(yaml: "static_resources: {clusters: [{name: a}]}").staticResources.clusters[0]
    var output = Array("x: ".utf8)
    cluster.node?.appendJSON(to: &output, level: 2)
    #expect(String(decoding: output, as: UTF8.self) == "x: {\n   \"name\": \"a\"\n  }")
    #expect(cluster.node?.path == "static_resources.clusters[0]")
  }
}
