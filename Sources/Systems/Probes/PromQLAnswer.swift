import Events

/// What a time-series database answers to an instant query: the value of each point that a label names.
///
/// `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"group":"1/1/5"},"value":[1700000000,"21.5"]}]}}`, or
/// `{"status":"error","errorType":"bad_data","error":"…"}` with a status that is not 200 (Prometheus, HTTP API, instant queries).
struct PromQLAnswer: Sendable {
    let label: String
    let group: PointName
    /// Datapoint types by group address. Results of other points are passed over.
    let types: [String: String]

    /// Raw octets by group address, or in one line what is wrong.
    func values(_ response: HTTPResponse) -> Result<[String: [UInt8]], SystemFault> {
        let document = try? JSON.parse(response.body)
        guard response.status == 200, document?["status"]?.text == "success" else {
            return .failure(SystemFault(Self.complaint(response.status, document)))
        }
        guard let data = document?["data"], let kind = data["resultType"]?.text, let results = data["result"]?.list
        else {
            return .failure(SystemFault("the answer is none to a query: /data/resultType or /data/result is missing"))
        }
        guard kind == "vector" else {
            return .failure(
                SystemFault("the query gives a \(kind): an instant vector was expected, one value per point"))
        }
        return values(results)
    }

    private func values(_ results: [Value]) -> Result<[String: [UInt8]], SystemFault> {
        guard results.isEmpty || results.contains(where: { $0["metric"]?[label] != nil }) else {
            let labels = Set(results.flatMap { $0["metric"]?.fields?.map(\.key) ?? [] }).sorted()
            return .failure(
                SystemFault(
                    "no result has a label '\(label)'; there are "
                        + (labels.isEmpty ? "none at all" : labels.joined(separator: ", "))))
        }
        var values: [String: [UInt8]] = [:]
        for result in results {
            guard let name = result["metric"]?[label]?.text, let point = group.group(in: name), let type = types[point],
                let number = result["value"]?.list?.last?.text.flatMap({ Double($0) })
            else { continue }
            guard values[point] == nil else {
                return .failure(SystemFault("two results are of \(point): the query should give one per point"))
            }
            values[point] = PointValue.octets(of: number, type: type)
        }
        return .success(values)
    }

    /// One line, however many the database's own words take.
    private static func complaint(_ status: Int, _ document: Value?) -> String {
        guard let error = document?["error"]?.text else { return "status \(status)" }
        let kind = document?["errorType"]?.text.map { "\($0): " } ?? ""
        return "status \(status), \(kind)\(error.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200))"
    }
}
