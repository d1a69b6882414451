// Receives Loa's webhooks.   dotnet new web; dotnet add package StandardWebhooks
// This file in the place of Program.cs; LOA_SECRET=whsec_... PORT=9000 dotnet run
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using StandardWebhooks;

var webhook = new Webhook(Environment.GetEnvironmentVariable("LOA_SECRET")!);
var seen = new ConcurrentDictionary<string, bool>(); // keep it in your database, for 90 days
var newest = new ConcurrentDictionary<string, int>(); // post: its newest state; likewise
var app = WebApplication.CreateBuilder(args).Build();

app.MapPost("/{**path}", async (HttpRequest request) =>
{
    using var reader = new StreamReader(request.Body, new UTF8Encoding(false));
    var body = await reader.ReadToEndAsync(); // as it came, before any parsing
    var id = request.Headers["webhook-id"].ToString();
    var headers = new WebHeaderCollection();
    foreach (var name in new[] { "webhook-id", "webhook-timestamp", "webhook-signature" })
    {
        headers[name] = request.Headers[name].ToString();
    }
    try
    {
        webhook.Verify(body, headers);
    }
    catch (Exception) // the library's WebhookVerificationException, and headers that cannot be read
    {
        return Results.Text("wrong signature", statusCode: 401);
    }
    using var message = JsonDocument.Parse(body);
    var type = message.RootElement.GetProperty("type").GetString()!;
    var data = message.RootElement.GetProperty("data");
    if (type == "subscription.confirm")
    {
        return Results.Text(data.GetProperty("challenge").GetString());
    }
    if (seen.TryAdd(id, true))
    {
        Take(type, data);
    }
    return Results.NoContent();
});

app.Run($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "9000"}");

// Your work: put the post into your document system, and do the rest later.
void Take(string type, JsonElement post)
{
    if (!type.StartsWith("post."))
    {
        Console.WriteLine(type); // subscription.test, and types to come: nothing to do
        return;
    }
    var id = post.GetProperty("id").GetString()!;
    var revision = post.GetProperty("revision").GetInt32();
    var state = 2 * revision + (type == "post.withdrawn" ? 1 : 0);
    if (state < newest.GetValueOrDefault(id))
    {
        return; // an older state that came late
    }
    newest[id] = state;
    Console.WriteLine($"{type} {id} {revision} {post.GetProperty("title").GetString()}");
}
